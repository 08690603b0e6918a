"""Matrices in tests, written and read as CSV by the tools themselves."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.tools.running import run_tool, write_csv


class Table(NamedTuple):
    """A matrix as text: the columns' names without those of sites, the rows' names, and the numbers."""

    columns: list[str]
    rows: list[str]
    values: list[list[float]]

    def column(self, name: str) -> list[float]:
        """Give the numbers of a column."""
        place = self.columns.index(name)
        return [row[place] for row in self.values]


def read_table(matrix: Mapping[str, Any], place: Path) -> Table:
    """Read a matrix file."""
    written = run_tool("convert_lmm_to_csv", {"matrix": matrix}, place).path("table")
    with written.open(encoding="utf-8", newline="") as lines:
        top, *body = csv.reader(lines)
    names = 3 if top[:3] == ["site", "x", "y"] else 1
    return Table(
        top[names:], [row[0] for row in body], [[float(field or "nan") for field in row[names:]] for row in body]
    )


def make_pam(species: Sequence[str], rows: Sequence[str], place: Path) -> dict[str, Any]:
    """Make a presence-absence matrix, each row a string of 0 and 1, the sites on a line one degree apart."""
    lines = [[site, site + 0.5, 0.5, *row] for site, row in enumerate(rows)]
    table = write_csv(place / "pam.csv", [["site", "x", "y", *species], *lines])
    made: dict[str, Any] = run_tool("convert_csv_to_lmm", {"table": table}, place).values["matrix"]
    return made


def make_matrix(rows: Sequence[Sequence[object]], place: Path) -> dict[str, Any]:
    """Make a matrix from the lines of a table, its header first."""
    table = write_csv(place / "matrix.csv", rows)
    made: dict[str, Any] = run_tool("convert_csv_to_lmm", {"table": table}, place).values["matrix"]
    return made
