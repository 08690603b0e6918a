"""Occurrence tables: CSV, tab-separated text and Darwin Core archives, whatever their columns are called."""

import csv
import io
import math
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from lmsvc.tools.darwin_core import open_core, read_core
from lmsvc.tools.toolkit import InputFile, Inputs, ToolError

KNOWN_COLUMNS = {
    "species": ("species", "speciesname", "acceptedname", "scientificname", "taxon", "taxonname", "name"),
    "x": ("x", "decimallongitude", "longitude", "lon", "lng", "long"),
    "y": ("y", "decimallatitude", "latitude", "lat"),
}


class Keys(NamedTuple):
    """The columns that hold name, longitude and latitude; None means: find it."""

    species: str | None = None
    x: str | None = None
    y: str | None = None


class Table(NamedTuple):
    """An occurrence table that is read once, row by row.

    Attributes:
        columns: the headers, trimmed.
        species, x, y: the index of the column with the name, the longitude, the latitude.
        rows: the rows, each as long as ``columns``.
    """

    columns: list[str]
    species: int
    x: int
    y: int
    rows: Iterator[list[str]]


def keys_of(inputs: Inputs) -> Keys:
    """Give the column names a job chose."""
    return Keys(*(inputs.optional_text(f"{name}_key") for name in Keys._fields))


@contextmanager
def open_table(source: InputFile, keys: Keys) -> Iterator[Table]:
    """Open a CSV file or Darwin Core archive.

    Raises:
        ToolError: it cannot be read, or a column cannot be found.
    """
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    try:
        with _open_rows(source.path) as (columns, rows):
            species, x, y = (_find(columns, kind, key, source) for kind, key in keys._asdict().items())
            yield Table(columns, species, x, y, _padded(rows, len(columns)))
    except UnicodeDecodeError as error:
        raise ToolError(f"{source.basename} is not UTF-8 text ({error.reason}); save it as UTF-8") from error
    except (csv.Error, zipfile.BadZipFile) as error:
        raise ToolError(f"{source.basename} cannot be read: {error}") from error


@contextmanager
def _open_rows(path: Path) -> Iterator[tuple[list[str], Iterator[list[str]]]]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            core = read_core(archive)
            with open_core(archive, core) as rows:
                yield core.columns, rows
    else:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            yield read_csv(lines)


def read_csv(lines: io.TextIOBase) -> tuple[list[str], Iterator[list[str]]]:
    """Give the headers, trimmed, and the rows of a text table; its delimiter is the one its first line has most of."""
    header = lines.readline()
    lines.seek(0)
    delimiter = delimiter_of(header)
    rows = csv.reader(lines, delimiter=delimiter, skipinitialspace=delimiter != "\t")
    return [column.strip() for column in next(rows, [])], rows


def delimiter_of(header: str) -> str:
    """Give what separates columns, by the first line of a table."""
    return max(",\t;", key=header.count)


def usual_column(columns: Sequence[str], kind: str) -> int | None:
    """Give the index of the first column with a usual name for the species, x or y; None where there is none."""
    plain = [_plain(column) for column in columns]
    return next((plain.index(name) for name in KNOWN_COLUMNS[kind] if name in plain), None)


def _padded(rows: Iterable[list[str]], width: int) -> Iterator[list[str]]:
    for row in rows:
        if row:
            yield [*row[:width], *[""] * (width - len(row))]


def _find(columns: Sequence[str], kind: str, key: str | None, source: InputFile) -> int:
    if key is not None and key.strip() in columns:
        return columns.index(key.strip())
    plain = [_plain(column) for column in columns]
    found = usual_column(columns, kind) if key is None else plain.index(_plain(key)) if _plain(key) in plain else None
    if found is None:
        problem = f"no column '{key}'" if key else f"no column that looks like {kind} (set {kind}_key)"
        raise ToolError(f"{source.basename} has {problem}; its columns are: {', '.join(columns) or 'none'}")
    return found


def _plain(header: str) -> str:
    return re.sub(r"[\W_]", "", header.rpartition("/")[2].casefold())


def clean_name(text: str) -> str:
    """Give a taxon name with its white space tidied and nothing else changed."""
    return " ".join(text.split())


def coordinate(text: str) -> float | None:
    """Give a coordinate, or None where the text is no finite number."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def read_coordinates(source: InputFile, keys: Keys) -> list[tuple[float, float]]:
    """Give the (x, y) of every record that has both."""
    with open_table(source, keys) as table:
        pairs = [(coordinate(row[table.x]), coordinate(row[table.y])) for row in table.rows]
    return [(x, y) for x, y in pairs if x is not None and y is not None]


def write_rows(path: Path, rows: Iterable[Sequence[object]], mode: str = "w") -> None:
    """Write (or with mode ``a`` append) rows to a CSV file."""
    with path.open(mode, encoding="utf-8", newline="") as lines:
        csv.writer(lines, lineterminator="\n").writerows(rows)
