"""What a person filled into a form, as parameters of a workflow."""

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Final

from flask import request
from pydantic import JsonValue

from lmsvc.web.form_uploads import upload_of
from lmsvc.workflows.parameters import Parameter
from lmsvc.workflows.workflow import Workflow

UPLOAD, LABEL, LAYER, SETS = ".upload", ".label.", ".layer", ".sets"
MOST_SETS: Final = 20

_SEPARATORS: Final = re.compile(r"[\s,;]+")

Parameters = Mapping[str, JsonValue]


def read_parameters(workflow: Workflow) -> Parameters:
    """Return what the request's form has for each parameter; files that came with it are stored.

    Numbers that are none stay texts: the check of the parameters says so.

    Raises:
        Problem: a file cannot be stored.
    """
    return {name: _value(name, parameter) for name, parameter in workflow.parameters.items()}


def _value(name: str, parameter: Parameter) -> JsonValue:
    match parameter.type:
        case "scenarios":
            sets = (_files(f"{name}.{number}", several=True) for number in range(1, _sets(name) + 1))
            return [files for files in sets if files] or None
        case "file" | "files":
            return _files(name, several=parameter.several)
        case "boolean":
            return name in request.form
    text = request.form.get(name, "").strip()
    if not text:
        return None
    if parameter.type == parameter.element:
        return _scalar(text, parameter)
    parts = text.splitlines() if parameter.type == "strings" else _SEPARATORS.split(text)
    return [_scalar(part.strip(), parameter) for part in parts if part.strip()]


def _scalar(text: str, parameter: Parameter) -> JsonValue:
    if parameter.element == "string":
        return text
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text


def _sets(name: str) -> int:
    """Return how many sets of files the form had room for."""
    text = request.form.get(name + SETS, "")
    return min(int(text), MOST_SETS) if re.fullmatch("[0-9]{1,2}", text) else 1


def _files(field: str, *, several: bool) -> JsonValue:
    """Return what a place for files holds: those that were there, those that came, and layers of datasets."""
    uploads = list(dict.fromkeys(request.form.getlist(field + UPLOAD)))
    found: list[JsonValue] = [_labelled(field, upload) for upload in uploads]
    found += [new for new in _arrived(field, several=several) if new["upload"] not in uploads]
    layers = [_layer(text) for text in request.form.getlist(field + LAYER) if text]
    if layers and not found:
        return _of_dataset(layers)
    found += list(layers)
    return found[0] if len(found) == 1 and not several else found or None


def _labelled(field: str, upload: str) -> dict[str, JsonValue]:
    label = request.form.get(field + LABEL + upload, "").strip()
    return {"upload": upload, "label": label} if label else {"upload": upload}


def _arrived(field: str, *, several: bool) -> Iterator[dict[str, JsonValue]]:
    for storage in request.files.getlist(field):
        if storage.filename:
            upload = upload_of(storage)
            label = PurePosixPath(upload.name).stem
            yield {"upload": upload.id, "label": label} if several and label else {"upload": upload.id}


def _layer(text: str) -> dict[str, JsonValue]:
    dataset, _, layer = text.partition("/")
    return {"dataset": dataset, "layer": layer}


def _of_dataset(layers: list[dict[str, JsonValue]]) -> JsonValue:
    """Return layers of one dataset as documents name them; of several datasets a list, which the check refuses."""
    if len(layers) == 1:
        return layers[0]
    if len({layer["dataset"] for layer in layers}) > 1:
        return list(layers)
    return {"dataset": layers[0]["dataset"], "layers": [layer["layer"] for layer in layers]}
