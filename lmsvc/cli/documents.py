"""Reads job documents."""

import sys
from pathlib import Path

import click

from lmsvc.jobs.parsing import parse_document

DOCUMENT = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)


def read_document(path: Path) -> tuple[object, Path]:
    """Return what a file (or stdin, for ``-``) holds and the folder that its local files are relative to.

    Raises:
        DocumentError: It is not strict JSON.
    """
    if str(path) == "-":
        return parse_document(sys.stdin.buffer.read()), Path()
    return parse_document(path.read_bytes()), path.parent
