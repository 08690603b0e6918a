"""What every tool program shares: reading ``inputs.json``, writing ``cwl.output.json``, ending well."""

import importlib
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

Json = Any
Outputs = dict[str, Json]


class ToolError(Exception):
    """The tool cannot do its work; the message says what the researcher should change."""


class Skipped(Exception):
    """There is nothing to do for this item, and that is not an error.

    Attributes:
        reason: why, in words for the job's report.
        outputs: what could be written all the same.
    """

    def __init__(self, reason: str, outputs: Outputs | None = None) -> None:
        """Remember the reason and the outputs."""
        super().__init__(reason)
        self.reason = reason
        self.outputs = outputs or {}


class InputFile(NamedTuple):
    """An input file: where it is, and the name people know it by (any text) if it has one."""

    path: Path
    label: str | None
    basename: str

    @property
    def title(self) -> str:
        """The label, or the file name without its ending."""
        return self.label or Path(self.basename).stem


class Inputs:
    """The input object of one run, read with the types the description promises."""

    def __init__(self, values: Mapping[str, Json]) -> None:
        """Wrap the input object."""
        self._values = values

    def _required(self, name: str) -> Json:
        value = self._values.get(name)
        if value is None:
            raise ToolError(f"input '{name}' is missing")
        return value

    def file(self, name: str) -> InputFile:
        """Give a required file."""
        return _file(self._required(name))

    def optional_file(self, name: str) -> InputFile | None:
        """Give a file, or None where it was left out."""
        value = self._values.get(name)
        return None if value is None else _file(value)

    def files(self, name: str) -> list[InputFile]:
        """Give the files of an array; left out means none."""
        return [_file(value) for value in self._values.get(name) or []]

    def text(self, name: str) -> str:
        """Give a required string."""
        return str(self._required(name))

    def optional_text(self, name: str) -> str | None:
        """Give a string; empty counts as left out."""
        return str(self._values.get(name) or "") or None

    def texts(self, name: str) -> list[str]:
        """Give the strings of an array; left out means none."""
        return [str(value) for value in self._values.get(name) or []]

    def integer(self, name: str) -> int:
        """Give a required whole number."""
        return int(self._required(name))

    def optional_integer(self, name: str) -> int | None:
        """Give a whole number, or None where it was left out."""
        value = self._values.get(name)
        return None if value is None else int(value)

    def number(self, name: str) -> float:
        """Give a required number."""
        return float(self._required(name))

    def optional_number(self, name: str) -> float | None:
        """Give a number, or None where it was left out."""
        value = self._values.get(name)
        return None if value is None else float(value)

    def flag(self, name: str) -> bool:
        """Give a boolean; left out means no."""
        return bool(self._values.get(name))


def _file(value: Mapping[str, Json]) -> InputFile:
    path = Path(value["path"])
    return InputFile(path, value.get("label"), value.get("basename") or path.name)


def load(module: str) -> ModuleType:
    """Import a module of the tools environment that only some runs of a tool need."""
    return importlib.import_module(module)


def output_file(path: Path | str, label: str | None = None) -> Outputs:
    """Describe an output file for ``cwl.output.json``.

    Args:
        path: where it is, relative to the working directory.
        label: the name people know it by; without one it keeps its input's.
    """
    described: Outputs = {"class": "File", "path": str(path)}
    if label is not None:
        described["label"] = label
    return described


def write_json(path: Path | str, value: object) -> None:
    """Write JSON for people and programs: indented, sorted as given, unicode kept, never NaN."""
    Path(path).write_text(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def run_tool(tool: Callable[[Inputs], Outputs]) -> None:
    """Run a tool on the ``inputs.json`` named on the command line, and end the process.

    Exit code 0 with ``cwl.output.json`` written (also when skipped), or 1 with one line on stderr.
    """
    try:
        outputs = tool(Inputs(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
    except Skipped as skipped:
        outputs = {**skipped.outputs, "lmsvc:skipped": skipped.reason}
    except ToolError as error:
        sys.exit(f"error: {error}")
    write_json("cwl.output.json", outputs)
