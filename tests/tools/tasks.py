"""Run a tool by the step runner, as a task of several items, with or without its warm start."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lmsvc.jobs.tools import parse_tool
from lmsvc.planning.results import PoolShape
from lmsvc.planning.specs import shared_spec
from lmsvc.worker.step_runner import Bundle
from tests.tools.running import PROJECT, PYTHON, SECONDS, Json, describe, file

RUNNER = Path(sys.modules[Bundle.__module__].__file__ or "")
Inputs = Mapping[str, Any]


def run_items(name: str, given: Sequence[Inputs], place: Path, *, warm: bool) -> list[dict[str, Any]]:
    """Run a tool once for each of some inputs, all in one task.

    Args:
        name: the tool.
        given: the inputs of each item.
        place: a new directory for the task.
        warm: whether the tool's fork server may be used.

    Returns:
        The items of the task's bundle; ``place`` holds their output files.
    """
    place.mkdir(parents=True)
    (place / "task.json").write_text(json.dumps(_task(name, given, warm)), encoding="utf-8")
    environment = {"PATH": f"{PYTHON.parent}:{os.environ['PATH']}", "PYTHONPATH": str(PROJECT)}
    started = time.monotonic()
    command = [str(PYTHON), str(RUNNER), "task.json"]
    subprocess.run(command, cwd=place, env=environment, timeout=SECONDS, check=True)
    seconds = (time.monotonic() - started) / len(given)
    print(f"{name} {'warm' if warm else 'cold'}: {seconds:.2f} s for each of {len(given)}")
    return _unpacked(place)


def _task(name: str, given: Sequence[Inputs], warm: bool) -> dict[str, Any]:
    tool = parse_tool(describe(name))
    shared = shared_spec(tool, 0, PoolShape("default"))
    if not warm:
        shared["tool"]["warm_command"] = []
    defaults = {key: value.default for key, value in tool.inputs.items()}
    items = [
        {"index": index, "label": None, "inputs": {key: _source(value) for key, value in {**defaults, **one}.items()}}
        for index, one in enumerate(given)
    ]
    return {"format": 1, "task": "t.1.0000", "step": "t", "bundle": "t.tar", "common": {}, "items": items, **shared}


def _source(value: Json) -> dict[str, Any]:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return {"merge": [_source(one) for one in value]}
    if isinstance(value, dict):
        return {"file": value["path"], "basename": value["basename"], "label": value["label"]}
    return {"value": value}


def _unpacked(place: Path) -> list[dict[str, Any]]:
    with Bundle(place / "t.tar") as bundle:
        for item in bundle.items.values():
            for value in files_of(item):
                (place / value["path"]).parent.mkdir(parents=True, exist_ok=True)
                bundle.copy(value["path"], place / value["path"])
        return list(bundle.items.values())


def files_of(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give all File objects among an item's outputs."""
    values = item["outputs"].values()
    flat = [one for value in values for one in (value if isinstance(value, list) else [value])]
    return [one for one in flat if isinstance(one, dict)]


def made(item: Mapping[str, Any], place: Path, name: str) -> Json:
    """Give an output of an item whose files are below ``place`` as an input of the next tool."""
    value = item["outputs"][name]
    if isinstance(value, list):
        return [file(place / one["path"], one["label"]) for one in value]
    return file(place / value["path"], value["label"])
