"""The summary of a package."""

from pathlib import Path

from lmsvc.cli.package_summary import package_summary
from lmsvc.controller.crate_facts import RunFacts
from lmsvc.controller.package import PackageContent, write_package
from lmsvc.controller.results import Forget, JobResults
from lmsvc.jobs.document import JobDocument
from lmsvc.worker.step_runner import write_bundle


def bundle(directory: Path, step: str, items: list[dict[str, object]], files: dict[str, Path]) -> None:
    """Write a bundle of a step."""
    status = {"format": 1, "task": f"{step}.1.0000", "step": step, "host": "node1", "items": items}
    write_bundle(directory / f"{step}.1.0000.tar", status, files)


def item(index: int, state: str, reason: str | None = None, **outputs: object) -> dict[str, object]:
    """Return an item as a bundle's status has it."""
    facts = {"index": index, "label": f"Virtua {index}", "state": state, "reason": reason}
    return {**facts, "seconds": 1.0, "peak_memory_mb": 90, "exit_code": 0, "outputs": outputs}


def test_a_package_is_summed_up_by_output_and_step(tmp_path: Path) -> None:
    """Files are counted by output, items by state, and what was left out says why."""
    source = tmp_path / "a.tif"
    source.write_bytes(b"t" * 1500)
    file = {"class": "File", "path": "0/a.tif", "basename": "a.tif", "size": 1500, "sha256": "0" * 64}
    items = [item(0, "succeeded", model=file), item(1, "skipped", "no record is left")]
    bundle(tmp_path, "model", items, {"0/a.tif": source})
    bundle(tmp_path, "grid", [item(0, "succeeded", sites=120)], {})
    results = JobResults(Forget())
    results.load(tmp_path)
    steps = {"model": {"run": "modeller"}, "grid": {"run": "gridder"}}
    document = {"name": "n", "steps": steps, "outputs": ["model/model", "grid/sites"]}
    content = PackageContent(
        job_id="abcdefgh23",
        document=document,
        plan={},
        summary={},
        citations=["A."],
        versions={"cctools": "7"},
        facts=RunFacts(JobDocument.model_validate(document), "ada", 1795000000.0, 1795000060.0),
    )
    write_package(tmp_path / "p.zip", results, tmp_path, content)
    text = package_summary(tmp_path / "p.zip")
    assert "model/model  1       1.5 kB  .tif" in text
    assert "grid/sites   1       -       120" in text
    assert "model  1          1" in text
    assert "skipped: model Virtua 1: no record is left" in text
    assert "cctools 7; 1 works to cite" in text
