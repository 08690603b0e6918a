"""The JSON Schema (2020-12) of a workflow's parameters, with hints for forms as `x-` keywords."""

from collections.abc import Mapping
from typing import Any, Final

from lmsvc.jobs.schema import job_schema
from lmsvc.workflows.parameters import Kind, Parameter
from lmsvc.workflows.workflow import Workflow

Json = dict[str, Any]

_FILES: Final[Mapping[str, Json]] = {
    "file": {"oneOf": [{"$ref": "#/$defs/Upload"}, {"$ref": "#/$defs/DatasetLayer"}]},
    "files": {
        "oneOf": [
            {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/Upload"}},
            {"$ref": "#/$defs/Upload"},
            {"$ref": "#/$defs/DatasetLayer"},
            {"$ref": "#/$defs/DatasetLayers"},
        ]
    },
    "scenarios": {"type": "array", "items": {"$ref": "#/$defs/files"}},
}
_WIDGETS: Final[Mapping[Kind, str]] = {"file": "file", "files": "files", "scenarios": "scenarios", "boolean": "check"}


def parameters_schema(workflow: Workflow) -> Json:
    """Return the schema of an object with a workflow's parameters, in the order of the form."""
    described = job_schema()["$defs"]
    kept = {name: described[name] for name in ("Upload", "DatasetLayer", "DatasetLayers")}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": workflow.title,
        "description": workflow.doc,
        "type": "object",
        "properties": {
            name: _property(parameter, order) for order, (name, parameter) in enumerate(workflow.parameters.items())
        },
        "required": [name for name, parameter in workflow.parameters.items() if must_be_given(parameter)],
        "additionalProperties": False,
        "$defs": {**kept, "files": _FILES["files"]},
    }


def must_be_given(parameter: Parameter) -> bool:
    """Say whether nothing would stand in for a parameter that is left out."""
    return parameter.required and parameter.default is None


def _property(parameter: Parameter, order: int) -> Json:
    facts = {
        "title": parameter.title,
        "description": parameter.description,
        "default": parameter.default,
        "examples": list(parameter.examples) or None,
        "x-order": order,
        "x-group": parameter.group,
        "x-advanced": parameter.advanced or None,
        "x-widget": _widget(parameter),
        "x-accept": list(parameter.accept) or None,
        "x-unit": parameter.unit or None,
        "x-column-of": parameter.column_of,
        "x-column-role": parameter.column_role,
    }
    return {**_type(parameter), **{key: value for key, value in facts.items() if value not in (None, "")}}


def _widget(parameter: Parameter) -> str:
    if parameter.column_of:
        return "column"
    if parameter.each:
        return "files"
    return "choice" if parameter.enum else _WIDGETS.get(parameter.type, "text")


def _type(parameter: Parameter) -> Json:
    if parameter.type == "scenarios":
        return {**_FILES["scenarios"], "maxItems": parameter.max_items}
    if parameter.is_file:
        return dict(_FILES["files" if parameter.each else parameter.type])
    if parameter.type != parameter.element:
        return {"type": "array", "maxItems": parameter.max_items, "items": _scalar(parameter)}
    return _scalar(parameter)


def _scalar(parameter: Parameter) -> Json:
    kind = parameter.element
    bounds: dict[str, object] = {}
    if kind == "string":
        bounds = {"maxLength": parameter.max_length, "enum": list(parameter.enum) or None}
    elif kind != "boolean":
        bounds = {
            "minimum": parameter.minimum,
            "maximum": parameter.maximum,
            "exclusiveMinimum": parameter.exclusive_minimum,
        }
    return {"type": kind, **{key: value for key, value in bounds.items() if value is not None}}
