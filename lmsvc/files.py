"""Files that are written whole or not at all: a reader finds what was there before, or what is there now."""

import json
from pathlib import Path


def write_text(path: Path, text: str, mode: int | None = None) -> None:
    """Write a text beside its place, and rename it there.

    Args:
        path: the file that is made or replaced.
        text: all of it.
        mode: its permissions; None leaves them to the process.
    """
    draft = path.with_name(f"{path.name}.partial")
    draft.write_text(text, encoding="utf-8")
    if mode is not None:
        draft.chmod(mode)
    draft.replace(path)


def write_json(path: Path, value: object, indent: int | None = None) -> None:
    """Write a value in the same way as JSON; with an indent it is for people, so all letters stand as they are."""
    write_text(path, json.dumps(value, indent=indent, ensure_ascii=indent is None))
