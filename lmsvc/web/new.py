"""The pages of a new job: pick a workflow or a tool, fill in its form, see the plan, submit."""

import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from typing import Annotated, Any, Final

from flask import Flask, Response, request, url_for
from pydantic import Field

from lmsvc.jobs.faults import DocumentError, Fault
from lmsvc.jobs.validation import validate_document
from lmsvc.store.records import Idempotency
from lmsvc.web.documents import job_or_404
from lmsvc.web.form_fields import form_of
from lmsvc.web.form_reading import Parameters, read_parameters
from lmsvc.web.operations import Answer, Body, Operation, Query
from lmsvc.web.pages.rendering import HTML, page, to
from lmsvc.web.plans import PlanBody
from lmsvc.web.problems import Problem
from lmsvc.web.receiving import require_fitting
from lmsvc.web.services import Services, services
from lmsvc.web.submission import Checked, planned, take_job, validation_context
from lmsvc.web.workflows import workflow_or_404
from lmsvc.workflows.checking import document_of
from lmsvc.workflows.workflow import TOOL_PREFIX, Workflow

FORM: Final = "multipart/form-data"
SUBMIT, LOOK, KEY = "submit", "look", "key"
KEY_FORM: Final = re.compile("[0-9a-f]{32}")


class NewQuery(Query):
    """What to begin with."""

    from_: Annotated[
        str | None,
        Field(alias="from", pattern="^[a-z2-7]{10}$", description="job whose inputs and parameters are filled in"),
    ] = None
    tool: Annotated[str | None, Field(pattern=r"^[\w.-]{1,100}$", description="tool whose form is shown")] = None


@dataclass(frozen=True)
class Outcome:
    """What became of a form or document: a plan, or faults."""

    document: dict[str, Any] | None = None
    plan: PlanBody | None = None
    faults: tuple[Fault, ...] = ()


def new_page(query: NewQuery) -> Response:
    """Offer workflows and tools; with a job or tool, go on to its form, or to the document of the job."""
    found = services()
    if query.tool is not None:
        return to(url_for("new_form_page", name=query.tool))
    if query.from_ is not None:
        return to(_again(found, query.from_))
    tools = sorted(found.registries.tools.values(), key=lambda tool: (tool.category, tool.label))
    return page("new.html", workflows=list(found.registries.workflows.values()), tools=tools)


def new_form_page(name: str, query: NewQuery) -> Response:
    """Show the form of a workflow, or of a tool alone."""
    found = services()
    workflow = workflow_or_404(found, name)
    return _form_page(found, workflow, _template(query.from_) if query.from_ else None, Outcome())


def send_form(name: str) -> Response:
    """Take in a form: show what is wrong with it, or its plan, or submit it."""
    found = services()
    workflow = workflow_or_404(found, name)
    given = read_parameters(workflow)
    if request.form.get("action") == LOOK:
        return _form_page(found, workflow, given, Outcome())
    outcome = submitted(found, _outcome(found, workflow, given))
    return outcome if isinstance(outcome, Response) else _form_page(found, workflow, given, outcome)


def submitted(found: Services, outcome: Outcome) -> Response | Outcome:
    """Submit a document without faults if that is asked for, and lead to the job's page.

    Returns:
        That, or what to show on the page: the outcome as it is, or why the job was not taken.
    """
    if request.form.get("action") != SUBMIT or outcome.faults or outcome.document is None:
        return outcome
    try:
        job_id = _take(found, outcome.document)
    except Problem as problem:
        if problem.status >= 500:
            raise
        return Outcome(outcome.document, faults=_faults(problem))
    return to(url_for("job_page", job_id=job_id))


def _take(found: Services, document: dict[str, Any]) -> str:
    """Submit a document once, however often the button was pressed."""
    key = request.form.get(KEY, "")
    sha256 = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
    idempotency = Idempotency(f"form-{key}-{sha256[:32]}", sha256) if KEY_FORM.fullmatch(key) else None
    checked = Checked(document, validate_document(document, validation_context(found)))
    submission = take_job(found, checked, idempotency)
    found.wake_controller()
    return submission.job_id


def _faults(problem: Problem) -> tuple[Fault, ...]:
    return tuple(Fault(fault.pointer or "", fault.detail) for fault in problem.errors) or (Fault("", problem.detail),)


def plan_or_faults(found: Services, document: dict[str, Any]) -> Outcome:
    """Return the plan of a valid document, or why no pool can run it."""
    checked = validate_document(document, validation_context(found))
    try:
        return Outcome(document, planned(found, checked))
    except Problem as problem:
        return Outcome(document, faults=_faults(problem))


def new_key() -> str:
    """Return what makes a form's job one, however often the form is sent."""
    return secrets.token_hex(16)


def _outcome(found: Services, workflow: Workflow, given: Parameters) -> Outcome:
    try:
        return plan_or_faults(found, document_of(workflow, given, validation_context(found)))
    except DocumentError as error:
        return Outcome(faults=error.faults)


def _form_page(found: Services, workflow: Workflow, given: Parameters | None, outcome: Outcome) -> Response:
    form = form_of(found, workflow, given, outcome.faults)
    key = request.form.get(KEY) if request.method == "POST" else None
    return page("new_form.html", form=form, outcome=outcome, key=key or new_key(), workflow=workflow)


def _again(found: Services, job_id: str) -> str:
    template = job_or_404(job_id).document.get("template")
    name = str(template["name"]).removeprefix(TOOL_PREFIX) if isinstance(template, dict) else ""
    if name in found.registries.workflows or name in found.registries.tools:
        return f"{url_for('new_form_page', name=name)}?from={job_id}"
    return f"{url_for('new_document_page')}?from={job_id}"


def _template(job_id: str) -> Parameters:
    template = job_or_404(job_id).document.get("template")
    return dict(template["parameters"]) if isinstance(template, dict) else {}


def install(app: Flask, found: Services) -> None:
    """Bound what forms may bring."""
    app.config["MAX_FORM_MEMORY_SIZE"] = 2 * found.settings.limits.document_bytes
    app.before_request(_require_fitting_form)


def _require_fitting_form() -> None:
    """Refuse a form whose files are too large, or that does not say how large they are, before any of it is read."""
    if request.mimetype != FORM:
        return
    if request.content_length is None:
        raise Problem(411, "no-length", "A form with files says how long it is: send the header Content-Length.")
    require_fitting(request.content_length)


_PAGE = {200: Answer("The page.", media_type=HTML), 303: Answer("Go on there.", media_type=None)}

OPERATIONS = (
    Operation("GET", "/new", new_page, "pages", _PAGE, (400, 404), NewQuery),
    Operation("GET", "/new/{name}", new_form_page, "pages", _PAGE, (400, 404), NewQuery),
    Operation(
        "POST",
        "/new/{name}",
        send_form,
        "pages",
        _PAGE,
        (400, 404, 411, 413, 422, 507),
        body=Body(FORM, "the form"),
    ),
)
