"""The small tools."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools.running import Outputs, ToolFailed, file, write_csv

Run = Callable[..., Outputs]
TEXT = 'Ünïcode "quotes"; $(touch x) `y`\n'


def test_echo_writes_exactly_the_text(run: Run) -> None:
    """No character of the text is changed or executed."""
    assert run("echo_text", text=TEXT).path("text").read_text(encoding="utf-8") == TEXT


def test_sleep_sleeps_and_writes(run: Run) -> None:
    """It takes as long as told and writes its text."""
    start = time.monotonic()
    outputs = run("sleep_seconds", seconds=0.5, memory_mb=20, text=TEXT)
    took = time.monotonic() - start
    print(f"sleep_seconds took {took:.2f} s")
    assert took >= 0.5
    assert outputs.path("text").read_text(encoding="utf-8") == TEXT


def test_sleep_fails_as_told(run: Run) -> None:
    """Its exit code is the one asked for, and stderr says so."""
    with pytest.raises(ToolFailed, match="exit code 7"):
        run("sleep_seconds", seconds=0, exit_code=7)


def test_tables_are_concatenated(run: Run, tmp_path: Path) -> None:
    """Columns are united, and each line says which table it is from."""
    one = {**write_csv(tmp_path / "one.csv", [["a", "b"], [1, 2]]), "label": "first, with comma"}
    two = write_csv(tmp_path / "two.csv", [["b", "c"], [3, 4]])
    lines = run("concatenate_tables", tables=[one, two]).path("table").read_text().splitlines()
    assert lines == ["table,a,b,c", '"first, with comma",1,2,', "two,,3,4"]


def test_missing_input_is_one_clear_line(run: Run, tmp_path: Path) -> None:
    """A file that is no matrix gives one line that says so, and no traceback."""
    (tmp_path / "no.lmm").write_text("not a matrix")
    with pytest.raises(ToolFailed) as failed:
        run("convert_lmm_to_csv", matrix=file(tmp_path / "no.lmm"))
    assert str(failed.value) == "error: no.lmm is not a matrix file (.lmm): File is not a zip file\n"
