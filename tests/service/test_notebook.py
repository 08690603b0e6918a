"""The tutorial for notebooks, cell by cell."""

import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lmsvc.examples.synthetic import write_example
from tests.service.running import RunningService

pytestmark = [pytest.mark.cctools, pytest.mark.slow]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorial" / "notebook.md"
CELL = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
SHOWN = "http://127.0.0.1:8080"


def test_every_cell_of_the_tutorial_runs(
    service: RunningService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run in order, the cells clean the example's records and leave the results they say."""
    write_example(tmp_path / "example")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    cells = CELL.findall(PAGE.read_text(encoding="utf-8"))
    assert SHOWN in cells[0]
    for number, cell in enumerate(cells):
        exec(compile(cell.replace(SHOWN, service.url), f"cell {number + 1}", "exec"), names)
    assert names["done"]["state"] == "succeeded"
    assert len(names["records"]) > 10
    assert all(rows for rows in names["records"].values())
    assert zipfile.is_zipfile(tmp_path / "clean-records.zip")
