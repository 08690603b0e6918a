"""The real study group through the service, twice with the same seed."""

import json
import math
import re
from pathlib import Path

import pytest

from tests.service.packages import Package, table
from tests.service.running import ROOT, RunningService
from tests.tools.running import HEUCHERA, needs_heuchera

pytestmark = [pytest.mark.cctools, pytest.mark.full, needs_heuchera]

DOCUMENT = ROOT / "tests" / "tools" / "heuchera.json"
TAXA = 64
JOB_SECONDS = 600


def run(service: RunningService, directory: Path) -> Package:
    """Run the job with two random matrices to its end and download its package."""
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    document["inputs"]["seeds"] = {"value": [1, 2]}
    document["steps"]["model"]["in"]["background_points"] = {"value": 2000}
    job = service.wait_for_end(service.submit_files(document, HEUCHERA), JOB_SECONDS)
    assert job["state"] == "succeeded", (job, service.logs())
    return Package(service, job["id"], directory)


def test_heuchera(service: RunningService, tmp_path: Path) -> None:
    """All taxa are modelled or skipped for a reason; matrix, tree and statistics fit; the same again gives the same."""
    first = run(service, tmp_path)
    check_models(first)
    check_matrix(first)
    assert run(service, tmp_path).content_checksums() == first.content_checksums()


def check_models(package: Package) -> None:
    """Check that every taxon has a model or a reason why not."""
    reports = package.reports("model/report")
    skipped = package.reasons("model", "skipped")
    few = {str(name): report["reason"] for name, report in reports.items() if report["reason"]}
    print(f"{len(reports)} taxa modelled ({len(few)} as ranges), {len(skipped)} skipped: {skipped}")
    assert len(reports) + len(skipped) == TAXA
    assert set(reports).isdisjoint(skipped)
    assert all(skipped.values())
    assert all("fewer than min_points" in reason for reason in few.values())
    assert {report["method"] for name, report in reports.items() if name not in few} == {"maxent (elapid)"}
    assert package.files("model/model").keys() == reports.keys()


def check_matrix(package: Package) -> None:
    """Check the presence-absence matrix against models, tree and statistics."""
    header, *sites = table(package.only("pam_table/table"))
    taxa = [name for name in header if name in package.files("model/model")]
    cells = [[float(cell) for cell in row[-len(taxa) :]] for row in sites]
    print(f"matrix: {len(cells)} sites x {len(taxa)} taxa")
    assert len(taxa) > TAXA * 3 // 4
    assert header[-len(taxa) :] == taxa
    assert {cell for row in cells for cell in row} <= {0.0, 1.0}
    assert all(any(row) for row in cells)
    assert set(taxa) == tips(package.only("tree/tree").decode())
    columns, *statistics = table(package.only("site_table/table"))
    assert len(statistics) == len(cells)
    assert all(math.isfinite(float(cell)) for row in statistics for cell in row)
    richness = [float(row[columns.index("alpha")]) for row in statistics]
    assert richness == [sum(row) for row in cells]


def tips(newick: str) -> set[str]:
    """Return the names of the tips of a tree, with spaces as in a table."""
    names = re.findall(r"[(,]\s*(?:'([^']+)'|([^(),:;'\s]+))", newick)
    return {(quoted or plain).replace("_", " ") for quoted, plain in names}
