"""What jobs can name: the registered tools and the site's datasets."""

from flask import Response
from pydantic import BaseModel, Field

from lmsvc.jobs.datasets import Dataset
from lmsvc.jobs.tools import Resources, Tool
from lmsvc.jobs.types import TypeExpression
from lmsvc.web.answers import json_answer
from lmsvc.web.operations import Answer, Operation
from lmsvc.web.problems import not_found
from lmsvc.web.services import services


class EnumBody(BaseModel):
    """The type of an enumeration."""

    type: str
    symbols: list[str]


class ParameterBody(BaseModel):
    """An input or output of a tool."""

    type: str | EnumBody = Field(description="in CWL's words: File, string, int, float, boolean; then [] and ?")
    label: str
    doc: str


class InputBody(ParameterBody):
    """An input of a tool."""

    required: bool
    default: object = Field(description="taken where the job gives nothing")


class ToolBody(BaseModel):
    """A registered tool."""

    id: str
    label: str
    doc: str
    category: str
    inputs: dict[str, InputBody]
    outputs: dict[str, ParameterBody]
    resources: Resources
    cites: list[str]


class ToolsBody(BaseModel):
    """All registered tools."""

    tools: list[ToolBody]


class LayerBody(BaseModel):
    """A file of a dataset."""

    layer: str
    size: int
    sha256: str


class DatasetBody(BaseModel):
    """A site dataset."""

    name: str
    version: str
    title: str
    licence: str
    citation: str
    files: list[LayerBody]


class DatasetsBody(BaseModel):
    """All site datasets."""

    datasets: list[DatasetBody]


def list_tools() -> Response:
    """List the tools that steps may run."""
    tools = services().registries.tools
    return json_answer(ToolsBody(tools=[tool_body(tools[name]) for name in sorted(tools)]))


def get_tool(name: str) -> Response:
    """Describe a tool: its inputs, outputs and what it needs."""
    tool = services().registries.tools.get(name)
    if tool is None:
        raise not_found(f"There is no tool {name}.")
    return json_answer(tool_body(tool))


def list_datasets() -> Response:
    """List the site's datasets and their layers."""
    datasets = services().registries.datasets
    return json_answer(DatasetsBody(datasets=[dataset_body(datasets[name]) for name in sorted(datasets)]))


def tool_body(tool: Tool) -> ToolBody:
    """Return a tool as the API shows it."""
    inputs = {
        name: InputBody(
            type=_type(given.type),
            label=given.label,
            doc=given.doc,
            required=given.required,
            default=given.default,
        )
        for name, given in tool.inputs.items()
    }
    outputs = {
        name: ParameterBody(type=_type(made.type), label=made.label, doc=made.doc)
        for name, made in tool.outputs.items()
    }
    return ToolBody(
        id=tool.id,
        label=tool.label,
        doc=tool.doc,
        category=tool.category,
        inputs=inputs,
        outputs=outputs,
        resources=tool.resources,
        cites=list(tool.cites),
    )


def _type(type_: TypeExpression) -> str | EnumBody:
    return EnumBody(type=str(type_), symbols=list(type_.symbols)) if type_.symbols else str(type_)


def dataset_body(dataset: Dataset) -> DatasetBody:
    """Return a dataset as the API shows it."""
    files = [LayerBody(layer=file.layer, size=file.size, sha256=file.sha256) for file in dataset.files]
    return DatasetBody(**dataset.model_dump(exclude={"files"}), files=files)


OPERATIONS = (
    Operation("GET", "/api/v1/tools", list_tools, "tools", {200: Answer("All tools.", ToolsBody)}),
    Operation("GET", "/api/v1/tools/{name}", get_tool, "tools", {200: Answer("The tool.", ToolBody)}, (404,)),
    Operation("GET", "/api/v1/datasets", list_datasets, "tools", {200: Answer("All datasets.", DatasetsBody)}),
)
