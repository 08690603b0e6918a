"""Parameters for tests, and what documents are checked against."""

from typing import Any

from lmsvc.jobs.validation import ValidationContext
from lmsvc.registry import SHIPPED_TOOLS, load_tools
from lmsvc.workflows.loading import SHIPPED_WORKFLOWS, load_workflows

CONTEXT = ValidationContext(tools=load_tools([SHIPPED_TOOLS]))
WORKFLOWS = load_workflows([SHIPPED_WORKFLOWS])
OF_THE_JOB = {"job_tags": ["a tag"], "job_email": "ada@example.org", "job_webhook": "https://example.org/told"}
BOX = {"min_x": 0, "min_y": 0, "max_x": 30, "max_y": 20}


def upload(number: int) -> dict[str, str]:
    """Return one of some uploads."""
    return {"upload": f"{number:032x}"}


def least(name: str) -> dict[str, Any]:
    """Return a value for each parameter that must be given."""
    return {key: something(name, key) for key, value in WORKFLOWS[name].parameters.items() if value.required}


def everything(name: str) -> dict[str, Any]:
    """Return a value for every parameter."""
    return {key: something(name, key) for key in WORKFLOWS[name].parameters}


def something(name: str, key: str) -> object:
    """Return a value that a parameter takes."""
    parameter = WORKFLOWS[name].parameters[key]
    if parameter.default is not None:
        return parameter.default
    if parameter.enum:
        return parameter.enum[-1]
    if key in OF_THE_JOB:
        return OF_THE_JOB[key]
    files = {"file": upload(1), "files": [upload(2), upload(3)], "scenarios": [[upload(2), upload(3)], [upload(4)]]}
    others = {"string": "a text", "integer": 3, "number": BOX.get(key, 0.5), "boolean": True}
    return {**files, **others}[parameter.type]
