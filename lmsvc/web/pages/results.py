"""What a job made, as pages: files by output, one file with a look into it, the maps among them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated

from flask import Response, url_for
from pydantic import Field

from lmsvc.store.records import OutputFile
from lmsvc.web.bodies import OutputBody
from lmsvc.web.jobs import Text
from lmsvc.web.operations import Answer, Operation, Query
from lmsvc.web.outputs import open_output, output_body
from lmsvc.web.pages.previews import Kind, Preview, kind_of, preview
from lmsvc.web.pages.rendering import HTML, page
from lmsvc.web.problems import not_found
from lmsvc.web.services import services
from lmsvc.web.status import head_or_404

FILES_ON_PAGE = 100
FILES_PER_GROUP = 8
PICTURES = 6
MAPS = 200
LARGEST_MAP_BYTES = 100_000_000


class FilesQuery(Query):
    """Which files to list."""

    step: Text = None
    output: Text = None
    q: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    begin: Annotated[int, Field(ge=0, le=2**31)] = 0


@dataclass(frozen=True)
class Group:
    """The files of one output of one step: the first of them, and how many there are."""

    step: str
    output: str
    files: tuple[OutputBody, ...]
    all: int

    @property
    def kind(self) -> Kind:
        """How its files can be shown."""
        return kind_of(self.files[0].path)


@dataclass(frozen=True)
class Results:
    """What a job's page shows of its results."""

    groups: tuple[Group, ...]
    pictures: tuple[OutputBody, ...]
    maps: tuple[OutputBody, ...]
    files: int
    size: int
    meanings: Mapping[str, str]
    """What each `STEP/OUTPUT` is, in the words of its tool."""


def results_of(job_id: str, rows: Sequence[OutputFile]) -> Results:
    """Return the results of a job for its page."""
    grouped: dict[tuple[str, str], list[OutputFile]] = {}
    for row in rows:
        grouped.setdefault((row.step, row.output), []).append(row)
    groups = [
        Group(step, output, _bodies(job_id, found[:FILES_PER_GROUP]), len(found))
        for (step, output), found in grouped.items()
    ]
    pictures = [row for row in rows if kind_of(row.path) == "picture"]
    maps = [row for row in rows if kind_of(row.path) in ("raster", "features") and row.size <= LARGEST_MAP_BYTES]
    return Results(
        tuple(groups),
        _bodies(job_id, pictures[:PICTURES]),
        _bodies(job_id, maps[:MAPS]),
        len(rows),
        sum(row.size for row in rows),
        meanings_of(job_id),
    )


def meanings_of(job_id: str) -> dict[str, str]:
    """Return by `STEP/OUTPUT` what the files of a job's outputs are, as far as their tools say."""
    found, tools = services(), services().registries.tools
    steps = [(step.step, tools[step.tool]) for step in found.store.steps(job_id) if step.tool in tools]
    return {
        f"{step}/{name}": output.doc or output.label for step, tool in steps for name, output in tool.outputs.items()
    }


def _bodies(job_id: str, rows: Sequence[OutputFile]) -> tuple[OutputBody, ...]:
    return tuple(output_body(job_id, row) for row in rows)


def file_name(file: OutputBody) -> str:
    """Return what a file is called on pages: what it is about, or its name."""
    return file.label or PurePosixPath(file.path).name


def files_page(job_id: str, query: FilesQuery) -> Response:
    """List the published files of a job."""
    head = head_or_404(job_id)
    rows = [row for row in services().store.outputs(job_id) if _is_wanted(row, query)]
    end = query.begin + FILES_ON_PAGE
    return page(
        "files.html",
        job=head,
        query=query,
        files=_bodies(job_id, rows[query.begin : end]),
        all=len(rows),
        next=end if end < len(rows) else None,
    )


def _is_wanted(row: OutputFile, query: FilesQuery) -> bool:
    text = query.q.casefold()
    return (
        query.step in (None, row.step)
        and query.output in (None, row.output)
        and (text in row.path.casefold() or text in (row.label or "").casefold())
    )


def file_page(job_id: str, path: str) -> Response:
    """Show a published file, as far as a browser can."""
    head, row = head_or_404(job_id), services().store.output(job_id, path)
    if row is None:
        raise not_found("The job has published no such file.")
    return page(
        "file.html", job=head, file=output_body(job_id, row), preview=_look(job_id, path), meanings=meanings_of(job_id)
    )


def _look(job_id: str, path: str) -> Preview:
    if kind_of(path) not in ("table", "text"):
        return Preview(kind_of(path))
    with open_output(services().paths.job(job_id), path) as stream:
        return preview(path, stream)


def file_address(job_id: str, path: str) -> str:
    """Return the address of a file's page."""
    return url_for("file_page", job_id=job_id, path=path)


_PAGE = {200: Answer("The page.", media_type=HTML)}

OPERATIONS = (
    Operation("GET", "/jobs/{job_id}/files", files_page, "pages", _PAGE, (400, 404), FilesQuery),
    Operation("GET", "/jobs/{job_id}/files/{path}", file_page, "pages", _PAGE, (404,)),
)
