"""Run a tool as the step runner does: in a directory of its own, its inputs in ``inputs.json``."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

PROJECT = Path(__file__).parents[2]
DESCRIPTIONS = PROJECT / "lmsvc" / "tools" / "descriptions"
PYTHON = Path(os.environ.get("LMSVC_TOOLS_PYTHON", PROJECT / ".tools" / "bin" / "python3"))
HEUCHERA = PROJECT.parent / "shared" / "data" / "heuchera"
Json = Any
SECONDS = 300

needs_heuchera = pytest.mark.skipif(not HEUCHERA.exists(), reason=f"the real data are not at {HEUCHERA}")


class ToolFailed(Exception):
    """A tool ended with another exit code than 0; the message is its standard error."""


class Outputs(NamedTuple):
    """What a tool gave: its output object with absolute paths, and why it was skipped if it was."""

    values: dict[str, Any]
    skipped: str | None

    def path(self, name: str) -> Path:
        """Give the path of an output file."""
        return Path(self.values[name]["path"])

    def json(self, name: str = "report") -> Json:
        """Read an output file of JSON."""
        return json.loads(self.path(name).read_text(encoding="utf-8"))

    def files(self, name: str) -> dict[str, Path]:
        """Give the paths of an array of files by their labels."""
        return {str(value["label"]): Path(value["path"]) for value in self.values[name]}


def describe(name: str) -> dict[str, Any]:
    """Read a tool's description."""
    return dict(yaml.safe_load((DESCRIPTIONS / f"{name}.yaml").read_text(encoding="utf-8")))


def file(path: Path, label: str | None = None) -> dict[str, Any]:
    """Give the File object of an input."""
    return {"class": "File", "path": str(path), "basename": path.name, "label": label}


def run_tool(name: str, inputs: Mapping[str, Any], place: Path) -> Outputs:
    """Run a tool in a new directory below ``place``.

    Raises:
        ToolFailed: its exit code is not 0.
    """
    description = describe(name)
    assert set(inputs) <= set(description["inputs"]), f"{name} has no inputs {set(inputs) - set(description['inputs'])}"
    defaults = {key: value.get("default") for key, value in description["inputs"].items()}
    directory = place / f"{name}-{sum(1 for _ in place.iterdir())}" if place.exists() else place / f"{name}-0"
    directory.mkdir(parents=True)
    (directory / "inputs.json").write_text(json.dumps({**defaults, **inputs}), encoding="utf-8")
    command = [str(PYTHON), *description["baseCommand"][1:], *description["arguments"]]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    ended = subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    if ended.returncode != 0:
        raise ToolFailed(ended.stderr)
    return collect(description["outputs"], directory)


def collect(outputs: Mapping[str, Any], directory: Path) -> Outputs:
    """Give the outputs by ``cwl.output.json`` where there is one, else by the description's globs."""
    written = directory / "cwl.output.json"
    if not written.exists():
        globs = {name: value["outputBinding"]["glob"] for name, value in outputs.items() if "outputBinding" in value}
        found = {name: file(next(directory.glob(glob))) for name, glob in globs.items()}
        return Outputs(found, None)
    values = json.loads(written.read_text(encoding="utf-8"))
    skipped = values.pop("lmsvc:skipped", None)
    assert set(values) <= set(outputs), f"outputs that are not described: {set(values) - set(outputs)}"
    return Outputs({name: _absolute(value, directory) for name, value in values.items()}, skipped)


def _absolute(value: Json, directory: Path) -> Json:
    if isinstance(value, list):
        return [_absolute(item, directory) for item in value]
    if isinstance(value, dict) and value.get("class") == "File":
        path = directory / value["path"]
        assert path.is_file(), f"the output {path} is missing"
        return {"label": None, **value, "path": str(path), "basename": path.name}
    return value


def write_csv(path: Path, rows: Sequence[Sequence[object]]) -> dict[str, Any]:
    """Write a small table and give its File object."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(",".join(map(str, row)) + "\n" for row in rows), encoding="utf-8")
    return file(path)
