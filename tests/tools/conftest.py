"""Fixtures of the tools' tests."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.tools.matrices import Table, read_table
from tests.tools.running import PYTHON, Outputs, run_tool

Run = Callable[..., Outputs]


@pytest.fixture(autouse=True)
def _tools_environment() -> None:
    """Skip where the tools' environment is not there."""
    if not PYTHON.exists():
        pytest.skip(f"{PYTHON} is missing: make setup builds it")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Give the function that runs a tool by name with inputs."""
    return lambda name, **inputs: run_tool(name, inputs, tmp_path / "runs")


@pytest.fixture
def read(tmp_path: Path) -> Callable[[Mapping[str, Any]], Table]:
    """Give the function that reads a matrix file as a table."""
    return lambda matrix: read_table(matrix, tmp_path / "tables")
