"""Workflows over the API: which there are, what they ask for, and the job document they make of parameters."""

from typing import Any

from flask import Response, request
from pydantic import BaseModel, Field
from werkzeug.exceptions import RequestEntityTooLarge

from lmsvc.jobs.faults import DocumentError
from lmsvc.jobs.parsing import parse_document
from lmsvc.web.answers import json_answer
from lmsvc.web.operations import JSON, Answer, Body, Operation
from lmsvc.web.problems import Problem, document_problem, not_found
from lmsvc.web.services import Services, services
from lmsvc.web.submission import validation_context
from lmsvc.workflows.checking import document_of
from lmsvc.workflows.of_tool import workflow_of_tool
from lmsvc.workflows.schema import parameters_schema
from lmsvc.workflows.workflow import TOOL_PREFIX, Workflow


class WorkflowHead(BaseModel):
    """A workflow as it appears in lists."""

    name: str
    title: str
    doc: str
    takes: str = Field(description="what must be at hand")
    makes: str = Field(description="what comes out")


class WorkflowBody(WorkflowHead):
    """A workflow with what it asks for."""

    tools: list[str] = Field(description="the tools its steps may run")
    parameters: dict[str, Any] = Field(description="JSON Schema of its parameters, with hints for forms")


class WorkflowsBody(BaseModel):
    """All workflows, in the order they are offered."""

    workflows: list[WorkflowHead]


class DocumentBody(BaseModel):
    """A job document, ready to be submitted."""

    document: dict[str, Any]


def list_workflows() -> Response:
    """List the workflows: job documents that only need a few parameters."""
    found = services().registries.workflows.values()
    return json_answer(WorkflowsBody(workflows=[WorkflowHead(**_head(workflow)) for workflow in found]))


def get_workflow(name: str) -> Response:
    """Describe a workflow and its parameters.

    The name of a tool gives the workflow that runs this tool alone.
    """
    workflow = workflow_or_404(services(), name)
    tools = sorted({step.run for step in workflow.document.steps.values()})
    return json_answer(WorkflowBody(**_head(workflow), tools=tools, parameters=parameters_schema(workflow)))


def make_job_document(name: str) -> Response:
    """Make a job document of a workflow's parameters.

    Nothing is stored. Every fault is named at once, by a pointer into the parameters.
    """
    found = services()
    workflow = workflow_or_404(found, name)
    return json_answer(DocumentBody(document=document_or_problem(found, workflow, _parameters(found))))


def _parameters(found: Services) -> object:
    if request.mimetype != JSON:
        raise Problem(415, "unsupported-media-type", f"Send the parameters as {JSON}.")
    limit = found.settings.limits.document_bytes
    request.max_content_length = limit + 1
    raw = request.get_data(cache=False)
    if len(raw) > limit:
        raise RequestEntityTooLarge(f"Parameters may have {limit} bytes.")
    try:
        return parse_document(raw)
    except DocumentError as error:
        raise document_problem(error, 400, "malformed-document") from error


def document_or_problem(found: Services, workflow: Workflow, parameters: object) -> dict[str, Any]:
    """Return the valid job document of a workflow's parameters.

    Raises:
        Problem: 422 with every fault.
    """
    try:
        return document_of(workflow, parameters, validation_context(found))
    except DocumentError as error:
        raise document_problem(error, 422, "invalid-parameters") from error


def workflow_or_404(found: Services, name: str) -> Workflow:
    """Return a workflow by its name, or that of a tool alone by the tool's (`tool/NAME` where both have one)."""
    workflow = found.registries.workflows.get(name)
    if workflow is not None:
        return workflow
    tool = found.registries.tools.get(name.removeprefix(TOOL_PREFIX))
    if tool is None:
        raise not_found(f"There is no workflow {name[:80]!r}.")
    try:
        return workflow_of_tool(tool)
    except DocumentError as error:
        raise not_found(f"The tool {tool.id} cannot run alone: {error}") from error


def _head(workflow: Workflow) -> dict[str, str]:
    facts = {name: getattr(workflow, name) for name in ("title", "doc", "takes", "makes")}
    return {"name": workflow.template, **facts}


_WORKFLOWS = "/api/v1/workflows"

OPERATIONS = (
    Operation("GET", _WORKFLOWS, list_workflows, "workflows", {200: Answer("All workflows.", WorkflowsBody)}),
    Operation(
        "GET",
        f"{_WORKFLOWS}/{{name}}",
        get_workflow,
        "workflows",
        {200: Answer("The workflow.", WorkflowBody)},
        (404,),
    ),
    Operation(
        "POST",
        f"{_WORKFLOWS}/{{name}}/document",
        make_job_document,
        "workflows",
        {200: Answer("The job document.", DocumentBody)},
        (400, 404, 413, 415, 422),
        body=Body(JSON, "an object of parameters by name"),
    ),
)
