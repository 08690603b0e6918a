"""A few tools and a job like a researcher's, for tests of the domain."""

from typing import Any

from lmsvc.jobs.context import ValidationContext
from lmsvc.jobs.datasets import Dataset, parse_dataset
from lmsvc.jobs.tools import Tool, parse_tool

UPLOAD = "a" * 32


def tool(name: str, inputs: dict[str, Any], outputs: dict[str, Any], **more: object) -> Tool:
    """Describe a tool in few words."""
    head = {"cwlVersion": "v1.2", "class": "CommandLineTool", "label": name, "baseCommand": ["true"]}
    return parse_tool({**head, "id": name, "category": "sdm", "inputs": inputs, "outputs": outputs, **more})


_MODE = {"type": {"type": "enum", "symbols": ["fast", "exact"]}, "default": "fast"}
TOOLS = {
    each.id: each
    for each in (
        tool("split", {"occurrences": "File", "key": {"type": "string", "default": "species"}}, {"species": "File[]"}),
        tool("clean", {"occurrences": "File"}, {"occurrences": "File", "count": "int", "notes": "File?"}),
        tool("model", {"points": "File", "layers": "File[]", "mode": _MODE, "rate": "float?"}, {"model": "File"}),
        tool("encode", {"layers": "File[]", "cells": {"type": "int", "default": 4}}, {"matrix": "File"}),
    )
}


def dataset() -> Dataset:
    """Describe a dataset of two layers."""
    files = [{"layer": name, "path": f"{name}.tif", "sha256": "0" * 64, "size": 10} for name in ("bio1", "bio12")]
    words = {"name": "climate", "version": "1", "title": "Climate", "licence": "CC0", "citation": "Somebody 2020"}
    return parse_dataset({**words, "files": files})


CONTEXT = ValidationContext(tools=TOOLS, datasets={"climate": dataset()}, uploads=UPLOAD.__eq__)


def document() -> dict[str, Any]:
    """Return a valid document that uses every way to write things."""
    return {
        "name": "Heuchera richness",
        "description": "Where are many species?",
        "tags": ["heuchera"],
        "inputs": {
            "occurrences": {"upload": UPLOAD, "label": "all"},
            "more": [{"upload": UPLOAD, "label": "one"}, {"upload": UPLOAD}],
            "layers": {"dataset": "climate", "layers": ["bio1", "bio12"]},
            "mask": {"dataset": "climate", "layer": "bio1"},
            "every": {"dataset": "climate"},
            "rates": {"value": [0.5, 1]},
        },
        "steps": {
            "split": {"run": "split", "in": {"occurrences": "inputs/occurrences", "key": {"value": "name"}}},
            "clean": {
                "run": "clean",
                "scatter": "occurrences",
                "in": {"occurrences": ["split/species", "inputs/more"]},
            },
            "model": {
                "run": "model",
                "scatter": ["points"],
                "in": {"points": "clean/occurrences", "layers": {"source": ["inputs/mask", "inputs/layers"]}},
                "retries": 2,
            },
            "rated": {
                "run": "model",
                "scatter": ["rate", "points"],
                "in": {"rate": "inputs/rates", "points": "inputs/more", "layers": "inputs/every"},
            },
            "encode": {"run": "encode", "in": {"layers": ["model/model", "rated/model"]}, "on_item_failure": "stop"},
        },
        "outputs": ["encode/matrix", "model/model"],
        "on_item_failure": "continue",
        "retries": 1,
    }
