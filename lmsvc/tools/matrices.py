"""lmpy's matrix files (``.lmm``): a zip of headers in JSON and data as numpy writes it.

Files written here are byte-identical for equal content.
"""

import io
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lmsvc.tools.archives import write_member
from lmsvc.tools.toolkit import ToolError

Header = list[Any]
FORMAT_VERSION = "2.0.2"


class Matrix(NamedTuple):
    """Numbers with headers.

    Attributes:
        data: the numpy array, at least two-dimensional.
        headers: per axis its headers; sites are ``[id, x, y]``, everything else is text.
    """

    data: np.ndarray
    headers: list[Header]

    @property
    def rows(self) -> Header:
        """The headers of the rows."""
        return self.headers[0]

    @property
    def columns(self) -> Header:
        """The headers of the columns."""
        return self.headers[1]

    def take(self, rows: Iterable[int] | None = None, columns: Iterable[int] | None = None) -> "Matrix":
        """Give chosen rows and columns (indices; None means all), headers with them."""
        row_ids = range(len(self.rows)) if rows is None else [int(row) for row in rows]
        column_ids = range(len(self.columns)) if columns is None else [int(column) for column in columns]
        data = self.data[np.ix_(list(row_ids), list(column_ids))]
        return Matrix(data, [[self.rows[i] for i in row_ids], [self.columns[j] for j in column_ids], *self.headers[2:]])


def read_matrix(path: Path | str) -> Matrix:
    """Read a matrix; one-dimensional ones (as lmpy writes diversity) become one row.

    Raises:
        ToolError: the file is not a matrix.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            headers = json.loads(archive.read("headers.json"))["headers"]
            arrays = np.load(io.BytesIO(archive.read("data.npz")), allow_pickle=False)
            data = arrays[arrays.files[0]]
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise ToolError(f"{Path(path).name} is not a matrix file (.lmm): {error}") from error
    if data.ndim < 2:
        data = data.reshape(1, -1)
    return Matrix(data, [_headers(headers, axis, size) for axis, size in enumerate(data.shape)])


def _headers(headers: dict[str, Header], axis: int, size: int) -> Header:
    found = headers.get(str(axis)) or []
    if len(found) == size:
        return found
    return [f"value {number}" for number in range(size)]


def write_matrix(path: Path | str, matrix: Matrix) -> None:
    """Write a matrix."""
    headers = {str(axis): header for axis, header in enumerate(matrix.headers)}
    described = {"headers": headers, "metadata": {}, "version": FORMAT_VERSION}
    arrays = io.BytesIO()
    np.savez_compressed(arrays, np.ascontiguousarray(matrix.data))
    with zipfile.ZipFile(path, "w") as archive:
        write_member(archive, "headers.json", json.dumps(described, ensure_ascii=False, default=float).encode())
        write_member(archive, "data.npz", arrays.getvalue())


def rewrite_matrix(path: Path | str, headers: list[Header] | None = None) -> Matrix:
    """Read what an lmpy program wrote, write it without dates (and with other headers where given), and give it."""
    matrix = read_matrix(path)
    if headers is not None:
        matrix = Matrix(matrix.data, headers)
    write_matrix(path, matrix)
    return matrix


def column_of(matrix: Matrix, name: str) -> np.ndarray:
    """Give the values of a named column.

    Raises:
        ToolError: there is none of that name.
    """
    names = [str(column) for column in matrix.columns]
    if name not in names:
        raise ToolError(f"the matrix has no column '{name}'; it has: {', '.join(names)}")
    return matrix.data[:, names.index(name)]


def is_site(header: object) -> bool:
    """Say whether a header is a site, ``[id, x, y]``."""
    return isinstance(header, list | tuple) and len(header) == 3
