"""The job document: what a researcher asks for, in the words of a CWL workflow."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, JsonValue, Tag

from lmsvc.jobs.names import HostName, MailAddress, Name, ReferenceText, WebAddress
from lmsvc.jobs.parsing import parse_document

__all__ = [
    "DatasetLayer",
    "DatasetLayers",
    "ItemFailurePolicy",
    "JobDocument",
    "JobInput",
    "Source",
    "Step",
    "StepInput",
    "Template",
    "Upload",
    "Value",
    "parse_document",
]

ItemFailurePolicy = Literal["continue", "stop"]
Label = Annotated[str, Field(min_length=1)]
Retries = Annotated[int, Field(ge=0, le=10)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Upload(_Model):
    """An uploaded file."""

    upload: Annotated[str, Field(description="the id that the upload was answered with")]
    label: Label | None = Field(default=None, description="what the file is about, for example a species' name")


class Value(_Model):
    """A value written in the document."""

    value: JsonValue


class DatasetLayer(_Model):
    """One layer of a site dataset: a File."""

    dataset: str
    layer: str


class DatasetLayers(_Model):
    """Layers of a site dataset, all of them if none are named: File[]."""

    dataset: str
    layers: Annotated[list[str], Field(min_length=1)] | None = None


class Source(_Model):
    """A reference, or several whose values are joined in one flat array."""

    source: Annotated[
        Annotated[ReferenceText, Tag("text")] | Annotated[list[ReferenceText], Field(min_length=1), Tag("list")],
        Discriminator(lambda value: "list" if isinstance(value, list) else "text"),
    ]


def _input_kind(value: object) -> str | None:
    if isinstance(value, list):
        return "uploads"
    for name, kind in (("upload", Upload), ("value", Value), ("layer", DatasetLayer), ("dataset", DatasetLayers)):
        if isinstance(value, kind) or (isinstance(value, Mapping) and name in value):
            return name
    return None


def _step_input_kind(value: object) -> str | None:
    if isinstance(value, str):
        return "reference"
    if isinstance(value, list):
        return "references"
    for name, kind in (("value", Value), ("source", Source)):
        if isinstance(value, kind) or (isinstance(value, Mapping) and name in value):
            return name
    return None


JobInput = Annotated[
    Annotated[Upload, Tag("upload")]
    | Annotated[list[Upload], Tag("uploads")]
    | Annotated[Value, Tag("value")]
    | Annotated[DatasetLayer, Tag("layer")]
    | Annotated[DatasetLayers, Tag("dataset")],
    Discriminator(
        _input_kind,
        custom_error_type="job_input",
        custom_error_message="must be {upload: ...}, a list of uploads, {value: ...}, or {dataset: ...}",
    ),
]
"""What an input of the job is: a file, files, or a value."""

StepInput = Annotated[
    Annotated[ReferenceText, Tag("reference")]
    | Annotated[list[ReferenceText], Field(min_length=1), Tag("references")]
    | Annotated[Value, Tag("value")]
    | Annotated[Source, Tag("source")],
    Discriminator(
        _step_input_kind,
        custom_error_type="step_input",
        custom_error_message="must be a reference, a list of references, {value: ...} or {source: ...}",
    ),
]
"""Where an input of a step comes from. A list of references is joined in one flat array."""


def references(binding: StepInput) -> Sequence[str]:
    """Return the references of a step's input, in order."""
    if isinstance(binding, Value):
        return ()
    source = binding.source if isinstance(binding, Source) else binding
    return (source,) if isinstance(source, str) else tuple(source)


def is_merged(binding: StepInput) -> bool:
    """Say whether a step's input is a list of references, joined in one flat array."""
    source = binding.source if isinstance(binding, Source) else binding
    return isinstance(source, list)


def _names(value: object) -> object:
    return [value] if isinstance(value, str) else value


class Step(_Model):
    """One step: a registered tool, its inputs, and over which of them it is repeated."""

    run: str = Field(description="the id of a registered tool")
    in_: dict[Name, StepInput] = Field(default={}, alias="in")
    scatter: Annotated[
        list[Name],
        BeforeValidator(_names, json_schema_input_type=Name | list[Name]),
        Field(description="the step runs once per element of these inputs; several go in step (dot product)"),
    ] = []
    retries: Retries | None = None
    on_item_failure: ItemFailurePolicy | None = None


class Notify(_Model):
    """Who is told when the job is over, and before its results expire; nobody if both are left out."""

    webhook: WebAddress | None = Field(default=None, description="address that is sent a signed JSON message")
    email: MailAddress | None = Field(default=None, description="address that is sent a mail")


class Template(_Model):
    """What a document was made from, so that a form can be filled in again."""

    name: Annotated[str, Field(max_length=100, description="a workflow, or `tool/` and a tool")]
    parameters: dict[Name, JsonValue]


class JobDocument(_Model):
    """A job: inputs, steps, and which outputs go into its package."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    description: Annotated[str, Field(max_length=10_000)] = ""
    tags: Annotated[list[Annotated[str, Field(min_length=1, max_length=64)]], Field(max_length=20)] = []
    inputs: dict[Name, JobInput] = {}
    steps: Annotated[dict[Name, Step], Field(min_length=1)]
    outputs: Annotated[list[ReferenceText], Field(min_length=1, description="`STEP/OUTPUT` to be packed")]
    on_item_failure: ItemFailurePolicy = Field(
        default="continue", description="`continue` keeps what succeeds and lists the failures; `stop` ends the job"
    )
    retries: Retries = Field(default=1, description="how often a failed item is tried again")

    hosts: Annotated[list[HostName], Field(min_length=1, max_length=1000)] | None = Field(
        default=None, description="run on these worker hosts only; the job waits while none of them is there"
    )
    pool: str | None = Field(default=None, description="run every step in this pool, whatever categories it serves")
    licence: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        default=None, description="licence of the results, an SPDX identifier or an address; it goes into the package"
    )
    notify: Notify | None = Field(
        default=None, description="who is told when the job is over; default: as its owner wishes for all jobs"
    )

    template: Template | None = Field(
        default=None, description="the workflow it was made from; the service does not mind"
    )

    def retries_of(self, step: str) -> int:
        """Return how often failed items of a step are tried again."""
        own = self.steps[step].retries
        return self.retries if own is None else own

    def on_item_failure_of(self, step: str) -> ItemFailurePolicy:
        """Return what becomes of the job when an item of a step fails."""
        return self.steps[step].on_item_failure or self.on_item_failure
