"""The cluster and the service on one machine, with another release of the tools, give the same answers."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from lmsvc.examples.synthetic import write_example
from tests.hosts.finished import compare_with_other_sites, run
from tests.hosts.site import Document, Site
from tests.hosts.study_group import JOB_SECONDS, heuchera
from tests.service.packages import Package, table
from tests.service.running import RunningService
from tests.tools.running import needs_heuchera

pytestmark = [pytest.mark.full, pytest.mark.cctools, pytest.mark.timeout(3600)]

SAME_CELLS = 0.999
RELATIVE = 1e-6


def demo(directory: Path) -> tuple[dict[str, Any], Path]:
    """Return the demo job, with its matrix as a table too, and where its files are."""
    document = json.loads(write_example(directory / "inputs").read_text(encoding="utf-8"))
    document["steps"]["pam_table"] = {"run": "convert_lmm_to_csv", "in": {"matrix": "matched/matrix"}}
    document["outputs"].append("pam_table/table")
    return document, directory / "inputs"


def run_here(document: Document, folder: Path, directory: Path) -> Package:
    """Run a job in a service of this machine's own."""
    service = RunningService(directory / "data")
    service.start()
    try:
        job = service.wait_for_end(service.submit_files(document, folder), JOB_SECONDS)
        assert job["state"] == "succeeded", (job, service.logs())
        return Package(service, job["id"], directory)
    finally:
        service.stop()


def cells(package: Package, reference: str) -> dict[tuple[str, str], float]:
    """Return the cells of a table of sites, by the site with its place, and by column."""
    header, *rows = table(package.only(reference))
    assert header[:3] == ["site", "x", "y"]
    return {
        (" ".join(row[:3]), name): float(cell) for row in rows for name, cell in zip(header[3:], row[3:], strict=True)
    }


def assert_agree(one: Package, other: Package) -> None:
    """Fail unless nearly all cells of two matrices are equal, and statistics where all species of a site are."""
    matrix, its_matrix = cells(one, "pam_table/table"), cells(other, "pam_table/table")
    different = [key for key in matrix.keys() | its_matrix.keys() if matrix.get(key) != its_matrix.get(key)]
    print(f"{len(matrix)} cells, {len(different)} of them different")
    assert len(different) <= (1 - SAME_CELLS) * len(matrix)
    statistics, its_statistics = cells(one, "site_table/table"), cells(other, "site_table/table")
    if not different:
        assert statistics.keys() == its_statistics.keys()
        far = {key for key, value in statistics.items() if not near(value, its_statistics[key])}
        assert not far, sorted(far)[:10]


def near(one: float, other: float) -> bool:
    """Return whether two statistics agree."""
    return math.isclose(one, other, rel_tol=RELATIVE, abs_tol=RELATIVE)


def test_demo_agrees_with_one_machine(site: Site, tmp_path: Path) -> None:
    """The demo job gives the same matrix and statistics on the cluster and on this machine."""
    document, folder = demo(tmp_path)
    assert_agree(run(site, document, folder, tmp_path, JOB_SECONDS), run_here(document, folder, tmp_path))


@needs_heuchera
def test_heuchera_agrees_with_one_machine(site: Site, tmp_path: Path) -> None:
    """The real study group gives the same contents as on other sites, and agrees with this machine."""
    document, folder = heuchera()
    found = run(site, document, folder, tmp_path, JOB_SECONDS)
    print(compare_with_other_sites(site, "heuchera", found))
    assert_agree(found, run_here(document, folder, tmp_path))
