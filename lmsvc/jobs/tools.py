"""Tool descriptions: what a tool is called, takes, makes and needs, in the words of a CWL CommandLineTool."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, ValidationError, model_validator

from lmsvc.jobs.faults import DocumentError
from lmsvc.jobs.names import Name
from lmsvc.jobs.shape import faults_of
from lmsvc.jobs.types import Type, TypeExpression

__all__ = ["Binding", "Resources", "Tool", "ToolInput", "ToolOutput", "ToolRegistry", "TypeExpression", "parse_tool"]

Category = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*$", max_length=20)]


def _words(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _typed(value: object) -> object:
    return {"type": value} if isinstance(value, str) else value


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)


class Binding(_Model):
    """Where an input stands on the command line (CWL's inputBinding)."""

    position: int = 0
    prefix: str | None = None
    separate: bool = True
    item_separator: str | None = Field(default=None, alias="itemSeparator")


class OutputBinding(_Model):
    """Where an output is found in the working directory (CWL's outputBinding)."""

    glob: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _stays_inside(self) -> "OutputBinding":
        if self.glob.startswith("/") or ".." in self.glob.split("/"):
            raise ValueError("glob must stay inside the working directory")
        return self


class ToolInput(_Model):
    """One input of a tool."""

    type: Type
    default: JsonValue = None
    label: str = ""
    doc: str = ""
    binding: Binding | None = Field(default=None, alias="inputBinding")

    @property
    def required(self) -> bool:
        """Whether a job must give it."""
        return not (self.type.optional or self.default is not None)

    @model_validator(mode="after")
    def _default_fits(self) -> "ToolInput":
        if self.default is not None and not self.type.takes_value(self.default):
            raise ValueError(f"the default is not of type {self.type}")
        return self


class ToolOutput(_Model):
    """One output of a tool; without a glob the tool names it in `cwl.output.json`."""

    type: Type
    label: str = ""
    doc: str = ""
    binding: OutputBinding | None = Field(default=None, alias="outputBinding")

    @property
    def glob(self) -> str | None:
        """The pattern that finds it, relative to the working directory."""
        return self.binding.glob if self.binding else None


class Resources(_Model):
    """What one item needs."""

    cores: Annotated[int, Field(ge=1)] = 1
    memory_mb: Annotated[int, Field(ge=1)] = 500
    disk_mb: Annotated[int, Field(ge=1)] = 500
    gpus: Annotated[int, Field(ge=0)] = 0
    seconds: Annotated[float, Field(gt=0, description="an item that takes longer is ended and failed")] = 600
    seconds_per_item: Annotated[float, Field(gt=0, description="first guess, until items were timed")] = 1.0


class Tool(_Model):
    """One tool that steps may run."""

    cwl_version: Literal["v1.2"] = Field(alias="cwlVersion")
    class_: Literal["CommandLineTool"] = Field(alias="class")
    id: Name
    label: str
    doc: str = ""
    category: Category
    base_command: Annotated[tuple[str, ...], BeforeValidator(_words), Field(min_length=1)] = Field(alias="baseCommand")
    arguments: tuple[str, ...] = ()
    warm_command: Annotated[
        tuple[str, ...],
        Field(alias="warmCommand", description="starts a fork server that makes the processes of a batch's items"),
    ] = ()
    inputs: dict[Name, Annotated[ToolInput, BeforeValidator(_typed)]] = Field(default={})
    outputs: dict[Name, Annotated[ToolOutput, BeforeValidator(_typed)]]
    resources: Resources = Resources()
    cites: tuple[str, ...] = ()
    success_codes: tuple[int, ...] = Field(default=(0,), alias="successCodes")


ToolRegistry = Mapping[str, Tool]
"""All registered tools by their id."""


def parse_tool(description: Mapping[str, Any]) -> Tool:
    """Read a tool description.

    Raises:
        DocumentError: with every fault of it.
    """
    try:
        return Tool.model_validate(description)
    except ValidationError as error:
        raise DocumentError(faults_of(error)) from error
