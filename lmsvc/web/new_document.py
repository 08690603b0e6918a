"""The page where a job document is pasted: every fault is shown at its line."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import Response, request

from lmsvc.jobs.faults import DocumentError, Fault
from lmsvc.jobs.parsing import parse_document
from lmsvc.jobs.places import line_of, lines_of
from lmsvc.jobs.validation import validate_document
from lmsvc.store.records import Upload
from lmsvc.web.documents import job_or_404
from lmsvc.web.form_uploads import upload_of
from lmsvc.web.new import FORM, KEY, NewQuery, Outcome, new_key, plan_or_faults, submitted
from lmsvc.web.operations import Answer, Body, Operation
from lmsvc.web.pages.rendering import HTML, page
from lmsvc.web.problems import Problem
from lmsvc.web.services import Services, services
from lmsvc.web.submission import validation_context

AROUND: Final = 3
"""Lines that are shown above and below a fault."""

LINE_CHARACTERS: Final = 400
UPLOAD: Final = "upload"
EMPTY: Final = '{\n  "name": "",\n  "inputs": {},\n  "steps": {},\n  "outputs": []\n}\n'

_SYNTAX: Final = re.compile(r"line (\d+), column \d+$")


@dataclass(frozen=True)
class Line:
    """A line of the document as it is shown among its neighbours; `gap` says that some before it are left out."""

    number: int
    text: str
    faults: tuple[Fault, ...]
    gap: bool


@dataclass(frozen=True)
class Placed:
    """A fault and the line it is at."""

    line: int
    fault: Fault


def new_document_page(query: NewQuery) -> Response:
    """Show the page to paste a job document; with a job, its document stands there."""
    document = job_or_404(query.from_).document if query.from_ else None
    text = EMPTY if document is None else json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    return _page(text, Outcome())


def send_document() -> Response:
    """Take in a document: show every fault at its line, or the plan, or submit it."""
    found = services()
    text = request.form.get("document", "").replace("\r\n", "\n")
    if len(text.encode(errors="replace")) > found.settings.limits.document_bytes:
        raise Problem(413, "too-large", f"A job document may have {found.settings.limits.document_bytes} bytes.")
    uploads = [upload_of(storage) for storage in request.files.getlist("files") if storage.filename]
    if request.form.get("action") == UPLOAD:
        return _page(text, Outcome(), uploads)
    outcome = submitted(found, _outcome(found, text))
    return outcome if isinstance(outcome, Response) else _page(text, outcome, uploads)


def _outcome(found: Services, text: str) -> Outcome:
    try:
        data = parse_document(text.encode(errors="surrogatepass"))
        validate_document(data, validation_context(found))
    except DocumentError as error:
        return Outcome(faults=error.faults)
    assert isinstance(data, dict)
    return plan_or_faults(found, data)


def _page(text: str, outcome: Outcome, uploads: Sequence[Upload] = ()) -> Response:
    faults = sorted(placed(outcome.faults, text), key=lambda each: each.line)
    key: Any = request.form.get(KEY) if request.method == "POST" else None
    return page(
        "new_document.html",
        text=text,
        outcome=outcome,
        faults=faults,
        lines=list(excerpt(text, faults)),
        key=key or new_key(),
        uploads=uploads,
    )


def placed(faults: Sequence[Fault], text: str) -> Iterator[Placed]:
    """Yield each fault with the line of the text that it is at."""
    places = lines_of(text) if faults else {}
    yield from (Placed(_line(fault, places), fault) for fault in faults)


def _line(fault: Fault, places: Mapping[str, int]) -> int:
    syntax = None if fault.pointer else _SYNTAX.search(fault.detail)
    return int(syntax[1]) if syntax else line_of(fault.pointer, places)


def excerpt(text: str, faults: Sequence[Placed]) -> Iterator[Line]:
    """Yield the lines with faults and those around them."""
    lines = text.split("\n")
    near = {number + step for number in (each.line for each in faults) for step in range(-AROUND, AROUND + 1)}
    shown = [number for number in sorted(near) if 0 < number <= len(lines)]
    for before, number in zip([0, *shown], shown, strict=False):
        own = tuple(each.fault for each in faults if each.line == number)
        yield Line(number, lines[number - 1][:LINE_CHARACTERS], own, gap=number > before + 1)


_PAGE = {200: Answer("The page.", media_type=HTML), 303: Answer("The job's page.", media_type=None)}

OPERATIONS = (
    Operation("GET", "/new/document", new_document_page, "pages", _PAGE, (400, 404), NewQuery),
    Operation(
        "POST", "/new/document", send_document, "pages", _PAGE, (400, 411, 413, 422, 507), body=Body(FORM, "the form")
    ),
)
