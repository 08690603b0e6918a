"""Write a matrix as CSV, sites as the columns site, x and y."""

import math
from collections.abc import Iterator
from pathlib import Path

from lmsvc.tools.matrices import Header, Matrix, is_site, read_matrix
from lmsvc.tools.tables import write_rows
from lmsvc.tools.toolkit import Inputs, Outputs, output_file, run_tool

SITE = ["site", "x", "y"]
FLAT = 2


def columns(matrix: Matrix) -> Header:
    """Give the columns' names; further axes are written into them."""
    names = [str(column) for column in matrix.columns]
    for axis in matrix.headers[FLAT:]:
        names = [f"{name} {value}" if len(axis) > 1 else name for name in names for value in axis]
    return names


def lines(matrix: Matrix) -> Iterator[list[object]]:
    """Give the lines of the table, its header first."""
    sites = bool(matrix.rows) and all(map(is_site, matrix.rows))
    yield [*(SITE if sites else ["name"]), *columns(matrix)]
    values = matrix.data.reshape(len(matrix.rows), -1)
    for header, row in zip(matrix.rows, values, strict=True):
        yield [*(header if sites else [header]), *(number(value) for value in row.tolist())]


def number(value: float) -> float | int | None:
    """Give a whole number without its decimal point, and nothing for one that is not defined."""
    if math.isnan(value):
        return None
    return int(value) if float(value).is_integer() else value


def tool(inputs: Inputs) -> Outputs:
    """Convert the matrix."""
    source = inputs.file("matrix")
    write_rows(Path("table.csv"), lines(read_matrix(source.path)))
    return {"table": output_file("table.csv", source.label)}


if __name__ == "__main__":
    run_tool(tool)
