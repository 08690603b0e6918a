"""The summary of a package."""

from pathlib import Path

from lmsvc.cli.package_summary import package_summary
from lmsvc.controller.outputs import Published
from lmsvc.controller.package import PackageContent, write_package


def item(index: int, state: str, reason: str | None = None) -> dict[str, object]:
    """Return an item as a bundle's status has it."""
    facts = {"index": index, "label": f"Virtua {index}", "state": state, "reason": reason}
    return {**facts, "seconds": 1.0, "peak_memory_mb": 90, "exit_code": 0}


def test_a_package_is_summed_up_by_output_and_step(tmp_path: Path) -> None:
    """Files are counted by output, items by state, and what was left out says why."""
    (tmp_path / "model/model").mkdir(parents=True)
    (tmp_path / "model/model/a.tif").write_bytes(b"t" * 1500)
    published = [
        Published("model", "model", 0, "Virtua 0", "model/model/a.tif", 1500, "0" * 64, "0" * 64, "image/tiff"),
        Published("grid", "sites", 0, None, "", value=120),
    ]
    items = [item(0, "succeeded"), item(1, "skipped", "no record is left")]
    status = {"step": "model", "host": "node1", "items": items}
    content = PackageContent(
        job_id="abcdefgh23",
        document={"name": "n"},
        plan={},
        summary={},
        citations=["A."],
        versions={"cctools": "7"},
        statuses=[status],
    )
    write_package(tmp_path / "p.zip", tmp_path, published, content)
    text = package_summary(tmp_path / "p.zip")
    assert "model/model  1       1.5 kB  .tif" in text
    assert "grid/sites   1       -       120" in text
    assert "model  1          1" in text
    assert "skipped: model Virtua 1: no record is left" in text
    assert "cctools 7; 1 works to cite" in text
