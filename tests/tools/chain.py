"""Run the steps of a job document one after the other, without the service: only the tools are tested here."""

import itertools
import json
from pathlib import Path
from typing import Any

from tests.tools.running import Json, describe, file, run_tool

Result = list[tuple[dict[str, Any], str | None]]


class Chain:
    """The results of a job document's steps: per step (outputs, reason if skipped) of each of its items."""

    def __init__(self, document: Path, place: Path, inputs: Path | None = None) -> None:
        """Read the document; its files are in ``inputs``, by default beside it."""
        self._document = json.loads(document.read_text(encoding="utf-8"))
        self._inputs = inputs or document.parent
        self._place = place
        self.results: dict[str, Result] = {}

    def run(self) -> "Chain":
        """Run all steps in the order of the document."""
        for name, step in self._document["steps"].items():
            self.results[name] = self._run_step(name, step)
        return self

    def _run_step(self, name: str, step: dict[str, Any]) -> Result:
        scattered = [step["scatter"]] if isinstance(step.get("scatter"), str) else step.get("scatter", [])
        kinds = {key: str(value["type"]) for key, value in describe(step["run"])["inputs"].items()}
        given = {
            key: self._value(value, gather=key in scattered or "[]" in kinds[key]) for key, value in step["in"].items()
        }
        items = zip(*(given[key] for key in scattered), strict=True) if scattered else [()]
        results: Result = []
        for item in items:
            done = run_tool(step["run"], {**given, **dict(zip(scattered, item, strict=True))}, self._place / name)
            results.append((done.values, done.skipped))
        return results

    def _value(self, reference: Json, gather: bool) -> Json:
        if isinstance(reference, dict):
            return reference["value"]
        step, name = reference.split("/")
        if step == "inputs":
            return self._input(self._document["inputs"][name])
        found = [outputs[name] for outputs, skipped in self.results[step] if skipped is None]
        flat = list(itertools.chain.from_iterable(value if isinstance(value, list) else [value] for value in found))
        return flat if gather else flat[0]

    def _input(self, given: Json) -> Json:
        if isinstance(given, list):
            return [self._input(one) for one in given]
        return file(self._inputs / given["file"], given.get("label")) if "file" in given else given["value"]
