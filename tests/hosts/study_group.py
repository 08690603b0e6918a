"""The job of the real study group, where its data are."""

import json
from pathlib import Path
from typing import Any

from tests.service.running import ROOT
from tests.tools.running import HEUCHERA

JOB_SECONDS = 1500


def heuchera() -> tuple[dict[str, Any], Path]:
    """Return the job of the real study group with two random matrices, and where its files are."""
    document = json.loads((ROOT / "tests" / "tools" / "heuchera.json").read_text(encoding="utf-8"))
    document["inputs"]["seeds"] = {"value": [1, 2]}
    document["steps"]["model"]["in"]["background_points"] = {"value": 2000}
    return document, HEUCHERA
