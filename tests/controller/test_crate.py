"""The package's RO-Crate metadata, read back by the library that archives use."""

import hashlib
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rocrate.rocrate import ROCrate

from lmsvc import __version__
from lmsvc.controller.crate_facts import RunFacts
from lmsvc.controller.package import PackageContent, write_package
from lmsvc.controller.results import Forget, JobResults
from lmsvc.jobs.datasets import Dataset, DatasetFile
from lmsvc.jobs.document import JobDocument
from lmsvc.registry import SHIPPED_TOOLS, load_tools
from lmsvc.store.records import Upload
from tests.controller.test_package import LABELS, make_bundle

SHA256 = hashlib.sha256(b"points").hexdigest()
DOCUMENT: dict[str, Any] = {
    "name": "Heuchera <richness>",
    "tags": ["heuchera"],
    "licence": "CC-BY-4.0",
    "notify": {"email": "ada@example.org"},
    "inputs": {
        "points": {"upload": SHA256[:32]},
        "layers": {"dataset": "climate", "layers": ["bio1"]},
        "seed": {"value": 7},
    },
    "steps": {
        "make": {
            "run": "create_sdm",
            "in": {"points": "inputs/points", "layers": "inputs/layers", "seed": "inputs/seed"},
        },
        "never": {"run": "echo_text", "in": {"text": {"value": "x"}}},
    },
    "outputs": ["make/table"],
}
CLIMATE = Dataset(
    name="climate",
    version="2.1",
    title="Climate of the Andes",
    licence="CC0-1.0",
    citation="A. Author. 2026. Climate. https://doi.org/10.1234/climate",
    files=(DatasetFile(layer="bio1", path="/bio1.tif", sha256="0" * 64, size=5),),
)
FACTS = RunFacts(
    document=JobDocument.model_validate(DOCUMENT),
    user="ada",
    started=1795000000.0,
    ended=1795000060.0,
    steps=["make"],
    tools={name: tool for name, tool in load_tools([SHIPPED_TOOLS]).items() if name in ("create_sdm", "echo_text")},
    datasets={"climate": CLIMATE},
    uploads={SHA256[:32]: Upload(SHA256[:32], "points.csv", 6, SHA256, 1795000000.0)},
)


def write(directory: Path, facts: RunFacts) -> Path:
    """Write a package of five outputs and unpack it; return where."""
    make_bundle(directory / "bundles")
    results = JobResults(Forget())
    results.load(directory / "bundles")
    citations = [*facts.tools["create_sdm"].cites, CLIMATE.citation]
    content = PackageContent("abc", DOCUMENT, {}, {}, citations, {"cctools": "7.14.5"}, facts)
    write_package(directory / "p.zip", results, directory / "bundles", content)
    with zipfile.ZipFile(directory / "p.zip") as archive:
        archive.extractall(directory / "crate")
    return directory / "crate"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give an unpacked package."""
    return write(tmp_path, FACTS)


def test_every_file_is_described_with_its_checksum(folder: Path) -> None:
    """The library finds each file of the package, and what the metadata says of it is true of the file."""
    files = [entity for entity in ROCrate(folder).data_entities if "File" in entity.type]
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {entity.id for entity in files} == there - {"ro-crate-metadata.json"}
    for entity in files:
        data = (folder / entity.id).read_bytes()
        assert (entity["contentSize"], entity["sha256"]) == (str(len(data)), hashlib.sha256(data).hexdigest())
        assert entity["encodingFormat"]
    assert {entity["name"] for entity in files} >= set(LABELS)


def test_the_root_says_what_it_is_and_under_which_licence(folder: Path) -> None:
    """Name, words, licence, creator and works to cite are those of the job."""
    root = ROCrate(folder).root_dataset
    assert (root["name"], root["keywords"]) == ("Heuchera <richness>", "heuchera")
    assert root["license"].id == "https://spdx.org/licenses/CC-BY-4.0"
    assert root["author"]["name"] == "ada"
    assert "https://doi.org/10.1234/climate" in {work.id for work in root["citation"]}


def test_the_run_names_workflow_inputs_and_results(folder: Path) -> None:
    """The action of the run has the job document as instrument, every input as object and every output as result."""
    crate = ROCrate(folder)
    run = crate.get("#run")
    assert run is not None
    assert run["instrument"] == crate.mainEntity
    assert run["agent"]["name"] == "ada"
    assert run["endTime"] == "2026-11-18T11:07:40+00:00"
    assert {entity["name"] for entity in run["object"]} == {"points.csv", "bio1", "seed"}
    assert len(run["result"]) == len(LABELS)
    assert run["actionStatus"] == "http://schema.org/CompletedActionStatus"


def test_steps_name_the_tools_that_made_what(folder: Path) -> None:
    """A step that ran is an action with its tool, its version and its works; one that did not is none."""
    crate = ROCrate(folder)
    step, tool = crate.get("#step-make"), crate.get("#tool-create_sdm")
    assert step is not None
    assert tool is not None
    assert step["instrument"] == tool
    assert tool["softwareVersion"] == __version__
    assert [work["name"] for work in tool["citation"]] == list(FACTS.tools["create_sdm"].cites)
    assert crate.get("#step-never") is None


def test_a_failed_run_says_so(tmp_path: Path) -> None:
    """The action of a failed run has that status, and why."""
    run = ROCrate(write(tmp_path, replace(FACTS, error="exit code 1"))).get("#run")
    assert run is not None
    assert (run["actionStatus"], run["error"]) == ("http://schema.org/FailedActionStatus", "exit code 1")


def test_no_entity_is_referred_to_that_is_not_there(folder: Path) -> None:
    """Every reference leads to an entity of the graph, or to a vocabulary or specification."""
    graph = json.loads((folder / "ro-crate-metadata.json").read_text("utf-8"))["@graph"]
    there = {entity["@id"] for entity in graph}
    outside = {to for entity in graph for to in _referred(entity)} - there
    assert all(to.startswith(("https://w3id.org/ro/crate/", "http://schema.org/")) for to in outside), outside


def _referred(value: object) -> set[str]:
    if isinstance(value, list):
        return {to for each in value for to in _referred(each)}
    if not isinstance(value, dict):
        return set()
    if set(value) == {"@id"}:
        return {value["@id"]}
    return {to for each in value.values() for to in _referred(each)}


def test_whom_to_tell_stays_out_of_the_package(folder: Path) -> None:
    """A package is passed on: no member of it holds the address that the job gave for notices."""
    holding = [path for path in folder.rglob("*") if path.is_file() and b"ada@example.org" in path.read_bytes()]
    assert holding == []
