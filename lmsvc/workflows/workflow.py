"""A workflow: its parameters, and the pattern of the job document they are put into."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from lmsvc.jobs.faults import DocumentError
from lmsvc.jobs.names import Name
from lmsvc.jobs.shape import faults_of
from lmsvc.workflows.parameters import Parameter

JOB_NAME: Final = "job_name"
JOB_TAGS: Final = "job_tags"
JOB_LICENCE: Final = "job_licence"
NOTIFY: Final = {"job_email": "email", "job_webhook": "webhook"}
"""Parameters that say who is told when the job is over, and by what."""

TOOL_PREFIX: Final = "tool/"
"""What the name of a tool stands behind, where documents say what they were made from."""

Names = Annotated[tuple[Name, ...], Field(min_length=1)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)


class StepPattern(_Model):
    """A step of the document, and when it is in it.

    Attributes:
        when: parameters that must all be given, and not be false or empty.
        each: a parameter with sets of files: the step is there once for each, `#` in names being its number.
    """

    run: str
    in_: dict[Name, Any] = Field(default={}, alias="in")
    scatter: str | list[str] | None = None
    when: Names | None = None
    each: Name | None = None


class Pattern(_Model):
    """The document, with `${parameter}` where a parameter's value goes."""

    inputs: dict[str, Any] = {}
    steps: dict[str, StepPattern]
    outputs: Annotated[list[str], Field(min_length=1)]


class Workflow(_Model):
    """A workflow that a person fills in."""

    name: Name
    template: str = Field(default="", description="how documents call it that were made from it; default: its name")
    title: Annotated[str, Field(min_length=1)]
    doc: Annotated[str, Field(min_length=1)]
    takes: str = Field(default="", description="a few words: what a person must have at hand")
    makes: str = Field(default="", description="a few words: what comes out")
    together: tuple[Names, ...] = Field(default=(), description="sets of parameters: all of a set are given, or none")
    parameters: dict[Name, Parameter]
    document: Pattern

    @model_validator(mode="after")
    def _names_what_is_there(self) -> "Workflow":
        for name, step in self.document.steps.items():
            for used in (*(step.when or ()), *([step.each] if step.each else [])):
                if used not in self.parameters:
                    raise ValueError(f"step {name} names the parameter {used!r}, which is not there")
        for name in (each for names in self.together for each in names):
            if name not in self.parameters:
                raise ValueError(f"together names the parameter {name!r}, which is not there")
        for name, parameter in self.parameters.items():
            if parameter.column_of is not None and parameter.column_of not in self.parameters:
                raise ValueError(f"{name} is a column of {parameter.column_of!r}, which is not there")
        return self


Workflows = Mapping[str, Workflow]
"""All workflows by name, in the order they are offered."""


def parse_workflow(description: Mapping[str, Any]) -> Workflow:
    """Read the description of a workflow; what is asked of every job becomes its first and last parameters.

    Raises:
        DocumentError: with every fault of it.
    """
    parameters = {JOB_NAME: _job_name(description), **description.get("parameters", {}), **_OF_EVERY_JOB}
    given = {"template": description.get("name"), **description, "parameters": parameters}
    try:
        return Workflow.model_validate(given)
    except ValidationError as error:
        raise DocumentError(faults_of(error)) from error


_OF_EVERY_JOB: Final[Mapping[str, Any]] = {
    JOB_TAGS: {
        "type": "strings",
        "title": "Tags",
        "description": "Words to find the job by, one per line.",
        "group": "Job",
        "advanced": True,
        "max_length": 64,
        "max_items": 20,
    },
    JOB_LICENCE: {
        "title": "Licence of the results",
        "description": "Goes into the package, so that archives and colleagues know what they may do. An SPDX "
        "identifier or an address.",
        "group": "Job",
        "advanced": True,
        "max_length": 200,
        "examples": ["CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0"],
    },
    "job_email": {
        "title": "Mail to",
        "description": "Who gets a mail when the job is over; else as your account says.",
        "group": "Job",
        "advanced": True,
        "max_length": 254,
    },
    "job_webhook": {
        "title": "Webhook",
        "description": "Address that gets a signed message when the job is over.",
        "group": "Job",
        "advanced": True,
        "max_length": 2000,
    },
}


def _job_name(description: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "title": "Name of the job",
        "description": "Under this name you will find it again.",
        "default": description.get("title", ""),
        "required": True,
        "group": "Job",
        "max_length": 200,
    }
