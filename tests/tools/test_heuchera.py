"""The real study group, tool by tool."""

import json
import math
from pathlib import Path

import pytest

from tests.tools.chain import Chain
from tests.tools.matrices import read_table
from tests.tools.running import HEUCHERA, needs_heuchera

DOCUMENT = Path(__file__).with_name("heuchera.json")


@needs_heuchera
@pytest.mark.full
def test_heuchera(tmp_path: Path) -> None:
    """All taxa in the box are modelled, matrix and tree agree, and the statistics are finite."""
    results = Chain(DOCUMENT, tmp_path / "steps", HEUCHERA).run().results
    reports = [json.loads(Path(done["report"]["path"]).read_text()) for done, reason in results["model"] if not reason]
    skipped = [reason for _, reason in results["clean"] if reason]
    print(f"{len(reports)} taxa modelled, skipped: {skipped}")
    assert len(reports) + len(skipped) == 64
    assert {report["method"].split()[0] for report in reports} == {"maxent", "rare"}
    assert all(report["points_used"] >= 12 for report in reports if report["auc"])
    pam = read_table(results["matched"][0][0]["matrix"], tmp_path / "read")
    tree = json.loads(Path(results["tree"][0][0]["report"]["path"]).read_text())
    assert len(pam.columns) == tree["tips"] > 50
    sites = read_table(results["statistics"][0][0]["site_stats"], tmp_path / "read")
    assert all(math.isfinite(value) for row in sites.values for value in row)
    assert len(sites.rows) == len(pam.rows)
