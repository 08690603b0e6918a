"""A single tool as a workflow of one step: its form comes from its own description."""

from collections.abc import Mapping
from typing import Any, Final

from lmsvc.jobs.tools import Tool, ToolInput
from lmsvc.jobs.types import TypeExpression
from lmsvc.workflows.parameters import Kind
from lmsvc.workflows.workflow import TOOL_PREFIX, Workflow, parse_workflow

_KINDS: Final[Mapping[str, Kind]] = {
    "File": "file",
    "string": "string",
    "int": "integer",
    "float": "number",
    "boolean": "boolean",
    "enum": "string",
}
_LISTS: Final[Mapping[str, Kind]] = {"file": "files", "integer": "numbers", "number": "numbers"}
_RECORDS: Final = ("occurrences", "points")
"""Inputs that are tables whose columns other inputs name."""
_ROLES: Final = ("species", "x", "y")


def workflow_of_tool(tool: Tool) -> Workflow:
    """Return the workflow that runs a tool once, or once for each of the files given for an input that takes one.

    Raises:
        DocumentError: an input has a name that a workflow keeps for itself.
    """
    each = [name for name, given in tool.inputs.items() if _takes_each(given)]
    step = {"run": tool.id, "scatter": each or None, "in": {name: _bound(name, tool) for name in tool.inputs}}
    files = [name for name, made in tool.outputs.items() if made.type.base == "File"]
    return parse_workflow(
        {
            "name": tool.id,
            "template": TOOL_PREFIX + tool.id,
            "title": tool.label,
            "doc": tool.doc or tool.label,
            "parameters": {name: _parameter(name, tool) for name in tool.inputs},
            "document": {
                "inputs": {name: f"${{{name}}}" for name, given in tool.inputs.items() if given.type.base == "File"},
                "steps": {tool.id: step},
                "outputs": [f"{tool.id}/{name}" for name in files or tool.outputs],
            },
        }
    )


def _takes_each(given: ToolInput) -> bool:
    return given.required and given.type.base == "File" and not given.type.array


def _bound(name: str, tool: Tool) -> object:
    return f"inputs/{name}" if tool.inputs[name].type.base == "File" else {"value": f"${{{name}}}"}


def _parameter(name: str, tool: Tool) -> dict[str, Any]:
    given = tool.inputs[name]
    return {
        "type": _kind(given.type),
        "title": given.label or name.replace("_", " ").capitalize(),
        "description": given.doc,
        "default": given.default,
        "required": given.required,
        "group": "Files" if given.type.base == "File" else "Parameters",
        "enum": list(given.type.symbols),
        "each": _takes_each(given),
        **_column(name, tool),
    }


def _kind(type_: TypeExpression) -> Kind:
    kind = _KINDS[type_.base]
    return _LISTS.get(kind, "strings") if type_.array else kind


def _column(name: str, tool: Tool) -> dict[str, Any]:
    """Say of an input such as `x_key` which table it names a column of."""
    role = name.removesuffix("_key")
    table = next((record for record in _RECORDS if record in tool.inputs), None)
    return {"column_of": table, "column_role": role} if table and role in _ROLES and role != name else {}
