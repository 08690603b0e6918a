"""Errors as RFC 9457 problem documents; people's browsers get the same facts as a page."""

import errno
import logging
import time
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from flask import Flask, Response, g, render_template, request
from pydantic import BaseModel, Field
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from lmsvc.jobs.faults import DocumentError
from lmsvc.store.errors import BadCursor, StoreFull, StoreUnavailable

PROBLEM_TYPE = "application/problem+json"

TITLES: Mapping[str, str] = {
    "bad-request": "The request cannot be understood",
    "busy": "Somebody else is at it",
    "cross-site": "Requests from other sites are refused",
    "forbidden": "The token does not allow this",
    "http-error": "The request cannot be served",
    "idempotency-conflict": "This Idempotency-Key was used with another document",
    "internal-error": "The service failed",
    "invalid-body": "The request body has faults",
    "invalid-document": "The job document has faults",
    "invalid-name": "The file name cannot be used",
    "invalid-parameters": "The parameters have faults",
    "invalid-query": "The query has faults",
    "malformed-document": "The job document is not strict JSON",
    "method-not-allowed": "The method is not allowed here",
    "no-length": "The request does not say how long it is",
    "no-table": "The file is no table",
    "no-space": "There is no room on the service's disk",
    "not-found": "There is nothing here",
    "not-plannable": "No pool can run this job",
    "quota-exceeded": "This is more than you may have",
    "range-not-satisfiable": "The range lies outside the file",
    "stale-form": "The form is too old",
    "too-large": "The request body is too large",
    "too-many-requests": "Requests come too fast",
    "truncated-upload": "The upload ended early",
    "unauthorized": "The service asks for a token",
    "unavailable": "The service cannot answer just now",
    "unsupported-media-type": "The body has the wrong media type",
    "unsupported-version": "This version of the upload protocol is not spoken here",
    "wrong-checksum": "The bytes are not those that were announced",
    "wrong-host": "The service has another name",
    "wrong-offset": "The part does not begin where the upload stands",
    "wrong-state": "The state does not allow this",
}

_NAMES_BY_STATUS: Mapping[int, str] = {
    400: "bad-request",
    404: "not-found",
    405: "method-not-allowed",
    411: "no-length",
    413: "too-large",
    415: "unsupported-media-type",
    416: "range-not-satisfiable",
    500: "internal-error",
}

_log = logging.getLogger(__name__)


class FaultBody(BaseModel):
    """One fault: where it is and what is wrong there."""

    pointer: str | None = Field(default=None, description="JSON pointer into the document")
    parameter: str | None = Field(default=None, description="name of the query parameter or header")
    detail: str = Field(description="what is wrong and how to mend it")


class ProblemBody(BaseModel):
    """An RFC 9457 problem document."""

    type: str = Field(description="`urn:lmsvc:` and the name of the kind of problem")
    title: str
    status: int
    detail: str
    request_id: str = Field(description="also in the header X-Request-Id and in the service's log")
    errors: list[FaultBody] | None = Field(default=None, description="every fault found")


class Problem(Exception):
    """An answer other than success.

    Args:
        status: HTTP status.
        name: a key of `TITLES`.
        detail: what happened here, and what to do.
        errors: single faults, where there are several.
        headers: headers the answer needs, such as Retry-After.
    """

    def __init__(
        self,
        status: int,
        name: str,
        detail: str,
        *,
        errors: Sequence[FaultBody] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Describe the answer."""
        super().__init__(detail)
        self.status, self.name, self.detail = status, name, detail
        self.errors, self.headers = tuple(errors), dict(headers or {})


def not_found(what: str) -> Problem:
    """Return the answer for something that is not there."""
    return Problem(404, "not-found", what)


def document_problem(error: DocumentError, status: int, name: str) -> Problem:
    """Return the answer for a document with faults, each with its pointer."""
    faults = [FaultBody(pointer=fault.pointer, detail=fault.detail) for fault in error.faults]
    return Problem(status, name, f"{len(faults)} fault(s): {faults[0].detail}", errors=faults)


def respond(problem: Problem) -> Response:
    """Turn a problem into a response: JSON for programs, a page for a browser outside the API."""
    body = ProblemBody(
        type=f"urn:lmsvc:{problem.name}",
        title=TITLES[problem.name],
        status=problem.status,
        detail=problem.detail,
        request_id=g.get("request_id", ""),
        errors=list(problem.errors) or None,
    )
    if wants_page():
        again = problem.headers.get("Retry-After")
        page = render_template("problem.html", problem=body, retry_after=again, now=time.time())
        response = Response(page, problem.status)
    else:
        text = body.model_dump_json(exclude_none=True)
        response = Response(text, problem.status, content_type=PROBLEM_TYPE)
    response.headers.update(problem.headers)
    return response


def wants_page() -> bool:
    """Whether a browser asks for a page, rather than a program for an answer of the API."""
    if request.path.startswith("/api/"):
        return False
    return request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"


def register(app: Flask) -> None:
    """Let every error of the application end as a problem."""
    app.register_error_handler(Problem, respond)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(StoreUnavailable, _from_unavailable)
    app.register_error_handler(StoreFull, _from_full)
    app.register_error_handler(BadCursor, _from_cursor)
    app.register_error_handler(OSError, _from_system)
    app.register_error_handler(Exception, _from_anything)


def _from_http(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:
        return Response(status=error.code, headers=error.get_headers(request.environ))
    kept = {key: value for key, value in error.get_headers(request.environ) if key.lower() != "content-type"}
    name = _NAMES_BY_STATUS.get(error.code, "http-error")
    return respond(Problem(error.code, name, _detail(error), headers=kept))


def _detail(error: HTTPException) -> str:
    if isinstance(error, NotFound):
        return f"There is nothing at {request.path}; /docs lists what there is."
    if isinstance(error, MethodNotAllowed):
        return f"{request.method} is not possible here; possible is {', '.join(sorted(error.valid_methods or ()))}."
    return error.description or error.name


def _from_unavailable(error: StoreUnavailable) -> Response:
    _log.warning("the database is unavailable: %s", error)
    detail = "The database does not answer. Nothing was changed; try again."
    return respond(Problem(503, "unavailable", detail, headers={"Retry-After": "2"}))


def _from_full(error: StoreFull) -> Response:
    _log.error("no room for the database: %s", error)
    return respond(Problem(507, "no-space", "The database has no room left. Nothing was changed."))


def _from_cursor(error: BadCursor) -> Response:
    fault = FaultBody(parameter="cursor", detail=str(error))
    return respond(Problem(400, "invalid-query", "1 fault(s) in the query", errors=[fault]))


def _from_system(error: OSError) -> Response:
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return _from_anything(error)
    _log.error("no room on the disk: %s", error)
    return respond(Problem(507, "no-space", "The data directory has no room left. Nothing was stored."))


def _from_anything(error: Exception) -> Response:
    _log.error("%s %s failed", request.method, quote(request.path), exc_info=error)
    detail = "This is a fault of the service. Its log holds the details under this request_id."
    return respond(Problem(500, "internal-error", detail))
