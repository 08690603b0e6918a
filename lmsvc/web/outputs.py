"""What a job made: its published files and its package."""

import os
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import IO, Annotated
from urllib.parse import quote

from flask import Response
from pydantic import Field

from lmsvc.jobs.states import is_terminal
from lmsvc.paths import JobPaths
from lmsvc.store.records import OutputFile
from lmsvc.store.retention import is_removed
from lmsvc.web.answers import json_answer
from lmsvc.web.bodies import OutputBody, OutputsPage
from lmsvc.web.downloads import Download, send
from lmsvc.web.files import NotAPlainFile, open_beneath
from lmsvc.web.jobs import REMOVED, PageLimit, Text
from lmsvc.web.operations import Answer, Operation, Query
from lmsvc.web.problems import Problem, not_found
from lmsvc.web.services import services
from lmsvc.web.status import head_or_404
from lmsvc.web.unpacking import unpack_output

_DOWNLOAD_HEADERS = {"Range": "one range of bytes", "If-Range": "the ETag the range belongs to"}


class OutputsQuery(Query):
    """Which files to list."""

    step: Text = None
    output: Text = None
    cursor: Annotated[int | None, Field(ge=0, le=2**31)] = None
    limit: PageLimit = 200


def list_outputs(job_id: str, query: OutputsQuery) -> Response:
    """List the published files of a job with their checksums."""
    head_or_404(job_id)
    begin = query.cursor or 0
    rows = [row for row in services().store.outputs(job_id) if _is_wanted(row, query)]
    outputs = [output_body(job_id, row) for row in rows[begin : begin + query.limit]]
    end = begin + query.limit
    return json_answer(OutputsPage(outputs=outputs, next=str(end) if end < len(rows) else None))


def get_output(job_id: str, path: str) -> Response:
    """Download a published file, whole or in part."""
    head_or_404(job_id)
    known = services().store.output(job_id, path)
    if known is None:
        raise not_found("The job has published no such file.")
    paths = services().paths.job(job_id)
    stream, name = open_output(paths, path), PurePosixPath(path).name
    return send(Download(stream, paths.outputs / path, known.sha256, name, known.media_type), services().settings)


def get_package(job_id: str) -> Response:
    """Download the package of a job that is over: everything it made in one zip, with a manifest."""
    head = head_or_404(job_id)
    if not is_terminal(head.state):
        detail = f"The job is {head.state}; its package is made when it is over."
        raise Problem(404, "not-found", detail, headers={"Retry-After": "2"})
    paths = services().paths.job(job_id)
    has_none = REMOVED if is_removed(head) else f"The job is {head.state} and has no package."
    stream = _open(paths.root, paths.package.name, has_none)
    download = Download(stream, paths.package, _tag(stream), f"{job_id}.zip", "application/zip")
    return send(download, services().settings)


def output_body(job_id: str, row: OutputFile) -> OutputBody:
    """Return a published file as the API shows it."""
    return OutputBody(**asdict(row), href=f"/api/v1/jobs/{job_id}/outputs/{quote(row.path)}")


def _is_wanted(row: OutputFile, query: OutputsQuery) -> bool:
    return query.step in (None, row.step) and query.output in (None, row.output)


def open_output(paths: JobPaths, path: str) -> IO[bytes]:
    """Open a published file, unpacked from the package when it is first asked for."""
    try:
        return open_beneath(paths.outputs, path)
    except (NotAPlainFile, FileNotFoundError):
        unpack_output(paths, path)
    return _open(paths.outputs, path, "The file is no longer there.")


def _open(root: Path, relative: str, absent: str) -> IO[bytes]:
    try:
        return open_beneath(root, relative)
    except NotAPlainFile as error:
        raise not_found(absent) from error


def _tag(stream: IO[bytes]) -> str:
    facts = os.fstat(stream.fileno())
    return f"{facts.st_ino:x}-{facts.st_size:x}-{facts.st_mtime_ns:x}"


_OUTPUTS = "/api/v1/jobs/{job_id}/outputs"
_PARTIAL = Answer("The range asked for.", media_type="*/*", headers={"Content-Range": "which bytes these are"})
_UNCHANGED = Answer("Nothing has changed.", media_type=None)

OPERATIONS = (
    Operation(
        "GET",
        _OUTPUTS,
        list_outputs,
        "outputs",
        {200: Answer("A page of files.", OutputsPage)},
        (400, 404),
        OutputsQuery,
    ),
    Operation(
        "GET",
        f"{_OUTPUTS}/{{path}}",
        get_output,
        "outputs",
        {200: Answer("The file.", media_type="*/*", headers={"ETag": "its sha256"}), 206: _PARTIAL, 304: _UNCHANGED},
        (404, 412, 416),
        headers=_DOWNLOAD_HEADERS,
    ),
    Operation(
        "GET",
        "/api/v1/jobs/{job_id}/package",
        get_package,
        "outputs",
        {200: Answer("The package.", media_type="application/zip"), 206: _PARTIAL, 304: _UNCHANGED},
        (404, 412, 416),
        headers=_DOWNLOAD_HEADERS,
    ),
)
