"""The first lines of a table, read as the tools will read it, so that a person can pick columns."""

import csv
import io
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from flask import Response
from pydantic import BaseModel, Field

from lmsvc.store.records import Upload
from lmsvc.tools.darwin_core import read_core, read_records
from lmsvc.tools.tables import KNOWN_COLUMNS, delimiter_of, read_csv, usual_column
from lmsvc.tools.toolkit import ToolError
from lmsvc.web.answers import json_answer
from lmsvc.web.operations import Answer, Operation
from lmsvc.web.problems import Problem, not_found
from lmsvc.web.services import services
from lmsvc.web.uploads import UPLOAD_ID, user

HEAD_BYTES = 262_144
META_BYTES = 1_000_000
ROWS = 8
MOST_COLUMNS = 400
CELL_CHARACTERS = 80
HEADER_CHARACTERS = 200
NOT_UTF8 = "This file is not UTF-8 text, which the tools read: save it as UTF-8. It is shown as Windows-1252."
NAMES = {",": "comma", "\t": "tab", ";": "semicolon"}


class PreviewBody(BaseModel):
    """The beginning of a table."""

    columns: list[str]
    rows: list[list[str]] = Field(description="the first records; long cells are cut")
    species: str | None = Field(description="column taken for the species' name unless another is chosen")
    x: str | None = Field(description="column taken for the longitude")
    y: str | None = Field(description="column taken for the latitude")
    encoding: str
    delimiter: str = Field(description="comma, tab or semicolon, or the file of a Darwin Core archive")
    note: str | None = Field(description="what is wrong with the file, where something is")


class NoTable(Exception):
    """A file holds no table; the message says why."""


def get_preview(upload: str) -> Response:
    """Show the first lines of an uploaded table and the columns the tools would use.

    CSV, tab- or semicolon-separated text, or a Darwin Core archive.
    """
    found = services().store.upload(upload, user()) if UPLOAD_ID.fullmatch(upload) else None
    if found is None:
        raise not_found("There is no such upload.")
    try:
        return json_answer(preview_of(found))
    except NoTable as error:
        raise Problem(422, "no-table", str(error)) from error


def preview_of(upload: Upload) -> PreviewBody:
    """Return the beginning of an uploaded table; a few hundred kilobytes of it are read.

    Raises:
        NoTable: it holds none.
    """
    path = services().paths.upload(upload.sha256)
    try:
        return _archive(path) if zipfile.is_zipfile(path) else _text(path)
    except (ToolError, csv.Error, zipfile.BadZipFile, UnicodeDecodeError, LookupError, OSError, ValueError) as error:
        raise NoTable(f"{upload.name} cannot be read as a table: {error}") from error


def _text(path: Path) -> PreviewBody:
    with path.open("rb") as stream:
        head = _whole_lines(stream.read(HEAD_BYTES))
    encoding, text = _decoded(head)
    columns, rows = read_csv(io.StringIO(text, newline=""))
    if not columns or "\0" in text or any(len(column) > HEADER_CHARACTERS for column in columns):
        raise NoTable("This file is no text table: its first line holds no headers.")
    delimiter = NAMES[delimiter_of(text.partition("\n")[0])]
    return _body(columns, rows, encoding, delimiter, None if encoding == "UTF-8" else NOT_UTF8)


def _whole_lines(head: bytes) -> bytes:
    """Return the head of a file without the line it is cut in."""
    return head if len(head) < HEAD_BYTES else head[: head.rfind(b"\n") + 1] or head


def _decoded(head: bytes) -> tuple[str, str]:
    try:
        return "UTF-8", head.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "Windows-1252", head.decode("cp1252", "replace")


def _archive(path: Path) -> PreviewBody:
    with zipfile.ZipFile(path) as archive:
        if "meta.xml" in archive.namelist() and archive.getinfo("meta.xml").file_size > META_BYTES:
            raise NoTable("meta.xml of the archive is too large.")
        core = read_core(archive)
        with archive.open(core.member) as member:
            lines = io.StringIO(_whole_lines(member.read(HEAD_BYTES)).decode(core.encoding), newline="")
    return _body(core.columns, read_records(lines, core), core.encoding, core.member, None)


def _body(
    columns: list[str], rows: Iterator[list[str]], encoding: str, delimiter: str, note: str | None
) -> PreviewBody:
    shown = columns[:MOST_COLUMNS]
    first = [[cell[:CELL_CHARACTERS] for cell in row[: len(shown)]] for row in islice((r for r in rows if r), ROWS)]
    places = {kind: usual_column(columns, kind) for kind in KNOWN_COLUMNS}
    found = {kind: None if place is None else columns[place] for kind, place in places.items()}
    return PreviewBody(columns=shown, rows=first, encoding=encoding, delimiter=delimiter, note=note, **found)


OPERATIONS = (
    Operation(
        "GET",
        "/api/v1/previews/{upload}",
        get_preview,
        "uploads",
        {200: Answer("The first lines.", PreviewBody)},
        (404, 422),
    ),
)
