"""A workflow as researchers run it, through the service and as a Makeflow written by hand; the same tools in both."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.context import Bench
from bench.data import OCCURRENCES, SPECIES, write_study_group
from bench.documents import Document, models
from bench.paths import ROOT
from bench.raw import File, Rule, WorkflowFailed, rule, run_attached
from bench.rows import Row, Statistic, at_most
from bench.samples import Samples, paired_ratios
from bench.service import Service
from lmsvc.registry import SHIPPED_TOOLS, load_tools

NO_BATCHES_SECONDS = 0.001
HAND_WRITTEN = "the hand-written Makeflow"
RUN = "exec python3 -m lmsvc.tools.{} inputs.json"


def workflow(bench: Bench) -> Iterator[Row]:
    """Measure split, clean and model of 64 species: by hand, without batches, with batches, in turn."""
    species = bench.count(SPECIES, 4)
    with bench.room("study") as data:
        layers = write_study_group(data, species)
        by_hand = HandWritten(bench, data, layers)
        times: dict[str, list[float]] = {"hand": [], "single": [], "batched": []}
        for _ in range(bench.count(3, 1)):
            times["hand"].append(by_hand.run())
            times["single"].append(_served(bench, data, layers, batch_seconds=NO_BATCHES_SECONDS))
            times["batched"].append(_served(bench, data, layers))
    yield from _rows(species, times)


def _rows(species: int, times: Mapping[str, Sequence[float]]) -> Iterator[Row]:
    what = f"split, clean and model {species} species"
    hand = times["hand"]
    yield Row("workflow", f"{what}, {HAND_WRITTEN}", "s", Samples.of(hand))
    for how, name, bound in (("single", "batching off", 1.05), ("batched", "batching on", 0.7)):
        ratio = paired_ratios(times[how], hand)
        promises = (at_most(Statistic.RATIO, bound),)
        title = f"{what}, service, {name}"
        yield Row("workflow", title, "s", Samples.of(times[how]), promises, ratio, HAND_WRITTEN)


def _served(bench: Bench, data: Path, layers: Sequence[Path], **settings: object) -> float:
    with bench.service(**settings) as service:
        return service.run(_document(service, data, layers)).ended


def _document(service: Service, data: Path, layers: Sequence[Path]) -> Document:
    uploads = [(service.client.upload(layer)["id"], layer.stem) for layer in layers]
    return models(service.client.upload(data / OCCURRENCES)["id"], uploads)


class HandWritten:
    """The Makeflow that a person would write who knows the names of the species beforehand."""

    def __init__(self, bench: Bench, data: Path, layers: Sequence[Path]) -> None:
        """Find out the names that splitting gives, as the writer of the Makeflow must."""
        self._bench = bench
        self._data = data
        self._layers = layers
        self._tools = load_tools([SHIPPED_TOOLS])
        path = bench.environment["LMSVC_TOOL_PATH"] + os.pathsep + bench.environment["PATH"]
        self._environment = {**bench.environment, "PATH": path, "PYTHONPATH": str(ROOT)}
        with bench.room("names") as directory:
            self._species = self._split_once(directory)

    def _split_once(self, directory: Path) -> list[tuple[str, str]]:
        """Return the file and the label of each species."""
        _write(directory / "inputs.json", {"occurrences": _file(str(self._data / OCCURRENCES))})
        words = ["python3", "-m", "lmsvc.tools.split_occurrence_data", "inputs.json"]
        done = subprocess.run(words, cwd=directory, env=self._environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise WorkflowFailed(f"split_occurrence_data: {done.stderr[-500:]}")
        outputs = json.loads((directory / "cwl.output.json").read_text(encoding="utf-8"))
        return [(each["path"], each["label"]) for each in outputs["species"]]

    def run(self) -> float:
        """Run it once; return its seconds."""
        with self._bench.room("hand") as directory:
            flow = directory / "flow"
            flow.mkdir()
            rules = self._rules(flow)
            return run_attached(self._bench, directory, rules, self._environment).ended

    def _rules(self, flow: Path) -> list[Rule]:
        for path in (self._data / OCCURRENCES, *self._layers):
            os.link(path, flow / path.name)
        _write(flow / "split.json", {**self._defaults("split_occurrence_data"), "occurrences": _file(OCCURRENCES)})
        made = [name for name, _ in self._species]
        rules = [rule(RUN.format("split_occurrence_data"), [("split.json", "inputs.json"), OCCURRENCES], made)]
        for number, (name, label) in enumerate(self._species):
            rules.append(self._clean(flow, number, name, label))
            rules.append(self._model(flow, number, label))
        return rules

    def _clean(self, flow: Path, number: int, name: str, label: str) -> Rule:
        given = {"occurrences": _file("points.csv", label)}
        _write(flow / f"clean{number}.json", {**self._defaults("wrangle_occurrences"), **given})
        inputs = [(f"clean{number}.json", "inputs.json"), (name, "points.csv")]
        return rule(RUN.format("wrangle_occurrences"), inputs, [(f"clean{number}.csv", "occurrences.csv")])

    def _model(self, flow: Path, number: int, label: str) -> Rule:
        layers = [_file(path.name, path.stem) for path in self._layers]
        given = {"points": _file("points.csv", label), "layers": layers}
        _write(flow / f"model{number}.json", {**self._defaults("create_sdm"), **given})
        inputs = [(f"model{number}.json", "inputs.json"), (f"clean{number}.csv", "points.csv")]
        files: list[File] = [*inputs, *(path.name for path in self._layers)]
        outputs = [(f"model{number}.tif", "model.tif"), (f"report{number}.json", "report.json")]
        return rule(RUN.format("create_sdm"), files, outputs)

    def _defaults(self, tool: str) -> dict[str, Any]:
        """Return what the service fills in for inputs that a job leaves out."""
        return {name: each.default for name, each in self._tools[tool].inputs.items()}


def _file(path: str, label: str | None = None) -> dict[str, Any]:
    return {"class": "File", "path": path, "basename": Path(path).name, "label": label}


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")
