"""Read a CSV table of numbers as a matrix."""

import csv
from pathlib import Path

import numpy as np

from lmsvc.tools.convert_lmm_to_csv import SITE
from lmsvc.tools.matrices import Header, Matrix, write_matrix
from lmsvc.tools.toolkit import InputFile, Inputs, Outputs, Skipped, ToolError, output_file, run_tool


def read_lines(source: InputFile) -> list[list[str]]:
    """Read the lines that are not empty.

    Raises:
        ToolError: the file is not CSV.
    """
    try:
        with source.path.open(encoding="utf-8-sig", newline="") as lines:
            return [line for line in csv.reader(lines, skipinitialspace=True) if line]
    except (csv.Error, UnicodeDecodeError) as error:
        raise ToolError(f"{source.basename} is not a CSV file in UTF-8: {error}") from error


def number(text: str) -> float:
    """Give a number; an empty field is a missing one."""
    try:
        return float(text or "nan")
    except ValueError as error:
        raise ToolError(f"'{text}' is not a number; set header_columns to the number of columns with names") from error


def row_header(fields: list[str], sites: bool) -> object:
    """Give the header of a row: a site, or text."""
    if not sites:
        return " ".join(fields)
    return [int(number(fields[0])), number(fields[1]), number(fields[2])]


def convert(lines: list[list[str]], width: int | None) -> Matrix:
    """Make the matrix; ``width`` columns are names, None means: 3 where they are sites, else 1."""
    top, body = lines[0], lines[1:]
    sites = [field.strip().lower() for field in top[: len(SITE)]] == SITE and width in (None, len(SITE))
    names = len(SITE) if sites else 1 if width is None else width
    if any(len(line) != len(top) for line in body):
        raise ToolError("the lines of the table do not all have as many fields as its first one")
    rows: Header = [row_header(line[:names], sites) if names else str(row) for row, line in enumerate(body)]
    values = np.array([[number(field) for field in line[names:]] for line in body], dtype=float)
    return Matrix(values, [rows, [field.strip() for field in top[names:]]])


def tool(inputs: Inputs) -> Outputs:
    """Convert the table."""
    source = inputs.file("table")
    lines = read_lines(source)
    if len(lines) <= 1:
        raise Skipped("the table has no lines")
    write_matrix(Path("matrix.lmm"), convert(lines, inputs.optional_integer("header_columns")))
    return {"matrix": output_file("matrix.lmm", source.label)}


if __name__ == "__main__":
    run_tool(tool)
