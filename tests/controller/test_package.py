"""Published outputs and the package made of them."""

import csv
import hashlib
import io
import json
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from lmsvc.controller.crate_facts import RunFacts
from lmsvc.controller.outputs import Names, safe_stem
from lmsvc.controller.package import PackageContent, write_package
from lmsvc.controller.results import Forget, JobResults
from lmsvc.jobs.document import JobDocument
from lmsvc.worker.step_runner import write_bundle

LABELS = ["Heuchera alba", "heuchera alba", "Heuchera/alba", "物种", "../../x"]


def make_bundle(directory: Path) -> None:
    """Write a bundle of one item per label, each with a file and a number."""
    directory.mkdir()
    items, files = [], {}
    for index, label in enumerate(LABELS):
        source = directory / f"source-{index}"
        source.write_text(f"name,n\n{label},{index}\n", encoding="utf-8")
        member = f"{index}/outputs/table/t.csv"
        files[member] = source
        data = source.read_bytes()
        file: dict[str, Any] = {"class": "File", "path": member, "basename": "t.csv", "label": label}
        file |= {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        items.append(_item(index, label, {"table": file, "n": index}))
    items.append(_item(len(LABELS), "gone", {}, state="skipped"))
    status = {"format": 1, "task": "make.1.0000", "step": "make", "host": "here", "items": items}
    write_bundle(directory / "make.1.0000.tar", status, files)


def _item(index: int, label: str, outputs: dict[str, Any], state: str = "succeeded") -> dict[str, Any]:
    fixed = {"reason": None, "seconds": 1.0, "peak_memory_mb": 3, "exit_code": 0}
    return {"index": index, "label": label, "state": state, "outputs": outputs, **fixed}


@pytest.fixture
def results(tmp_path: Path) -> JobResults:
    """Give the results read from one bundle in ``tmp_path / "bundles"``."""
    make_bundle(tmp_path / "bundles")
    results = JobResults(Forget())
    results.load(tmp_path / "bundles")
    return results


def written(results: JobResults, directory: Path, *outputs: str, name: str = "p.zip") -> zipfile.ZipFile:
    """Write the package of a job that asked for some outputs, and open it."""
    document = {"name": "test", "steps": {"make": {"run": "maker"}}, "outputs": list(outputs)}
    facts = RunFacts(JobDocument.model_validate(document), "ada", 1795000000.0, 1795000060.0)
    content = PackageContent("abc", document, {}, {}, ["Cite me"], {}, facts)
    write_package(directory / name, results, directory / "bundles", content)
    return zipfile.ZipFile(directory / name)


def manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    """Return the manifest of a package."""
    return dict(json.loads(archive.read("manifest.json")))


def test_labels_become_safe_names_that_differ(results: JobResults, tmp_path: Path) -> None:
    """Every file gets a name inside its directory, different by more than case; labels keep their text."""
    with written(results, tmp_path, "make/table") as archive:
        files = manifest(archive)["files"]
        assert {entry["path"] for entry in files} <= set(archive.namelist())
    assert [entry["label"] for entry in files] == LABELS
    assert len({entry["path"].lower() for entry in files}) == len(LABELS)
    for entry in files:
        assert PurePosixPath(entry["path"]).parent == PurePosixPath("outputs/make/table")


def test_values_are_in_the_manifest(results: JobResults, tmp_path: Path) -> None:
    """An output that is a number stands in the manifest, not in a file."""
    with written(results, tmp_path, "make/n") as archive:
        listed = manifest(archive)
    assert [entry["value"] for entry in listed["values"]] == list(range(len(LABELS)))
    assert listed["files"] == []


def test_checksums_of_the_manifest_are_those_of_the_files(results: JobResults, tmp_path: Path) -> None:
    """Every file of the manifest is in the zip with its size and checksum."""
    with written(results, tmp_path, "make/table") as archive:
        assert archive.testzip() is None
        for entry in manifest(archive)["files"]:
            data = archive.read(entry["path"])
            assert (len(data), hashlib.sha256(data).hexdigest()) == (entry["size"], entry["sha256"])


def test_large_files_are_copied_in_pieces(results: JobResults, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file too large to be read whole comes out the same."""
    monkeypatch.setattr("lmsvc.controller.outputs.LARGEST_READ_WHOLE_BYTES", 5)
    with written(results, tmp_path, "make/table") as archive:
        for entry in manifest(archive)["files"]:
            assert hashlib.sha256(archive.read(entry["path"])).hexdigest() == entry["sha256"]


def test_the_report_has_every_item(results: JobResults, tmp_path: Path) -> None:
    """Skipped items are in the report as well."""
    with written(results, tmp_path, "make/table") as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("reports/items.csv").decode())))
    assert [row["label"] for row in rows] == [*LABELS, "gone"]
    assert rows[-1]["state"] == "skipped"


def test_equal_content_gives_equal_packages(results: JobResults, tmp_path: Path) -> None:
    """Two packages of the same results are the same bytes."""
    for name in ("a.zip", "b.zip"):
        written(results, tmp_path, "make/table", name=name).close()
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


@pytest.mark.parametrize(
    ("label", "stem"),
    [("Heuchera alba", "Heuchera_alba"), ("..", "unnamed"), ("物种", "unnamed"), ("a" * 300, "a" * 80), ("é", "e")],
)
def test_safe_stems(label: str, stem: str) -> None:
    """Stems are plain ASCII, never empty, never hidden, never long."""
    assert safe_stem(label) == stem


def test_names_are_numbered_where_they_clash() -> None:
    """The second of two names that differ only in case gets a number."""
    names = Names()
    assert names.unique("d", "Alba", ".csv") == "d/Alba.csv"
    assert names.unique("d", "alba", ".csv") == "d/alba-2.csv"
    assert names.unique("e", "alba", ".csv") == "e/alba.csv"
