"""Local files named in a job document: ``{"file": "points.csv"}`` in its inputs, relative to the document.

Only the command line knows them; the service sees ``{"upload": "<id>"}`` in their place.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lmsvc.jobs.faults import DocumentError, Fault, join


def local_files(document: object, folder: Path) -> list[Path]:
    """Return the local files a document names, each once, in order.

    Raises:
        DocumentError: Some of them cannot be read; every one is named.
    """
    faults = missing_files(document, folder)
    if faults:
        raise DocumentError(faults)
    return list(dict.fromkeys(path for _, path in _named(document, folder)))


def missing_files(document: object, folder: Path) -> list[Fault]:
    """Return a fault for each local file that is not there."""
    named = _named(document, folder)
    return [Fault(pointer, f"there is no file {path}") for pointer, path in named if not path.is_file()]


def with_uploads(document: object, folder: Path, upload: Callable[[Path], str]) -> object:
    """Return the document with each local file replaced by the upload whose id ``upload`` returns for it."""
    if not isinstance(document, dict) or not isinstance(document.get("inputs"), dict):
        return document
    inputs = {name: _replaced(value, folder, upload) for name, value in document["inputs"].items()}
    return {**document, "inputs": inputs}


def _named(document: object, folder: Path) -> Iterator[tuple[str, Path]]:
    inputs = document.get("inputs") if isinstance(document, dict) else None
    for name, value in inputs.items() if isinstance(inputs, dict) else ():
        for pointer, entry in _entries(join("/inputs", name), value):
            if _is_file(entry):
                yield join(pointer, "file"), folder / entry["file"]


def _entries(pointer: str, value: object) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list):
        yield from ((join(pointer, index), entry) for index, entry in enumerate(value))
    else:
        yield pointer, value


def _is_file(entry: object) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("file"), str)


def _replaced(value: object, folder: Path, upload: Callable[[Path], str]) -> object:
    if isinstance(value, list):
        return [_replaced(entry, folder, upload) for entry in value]
    if isinstance(value, dict) and _is_file(value):
        rest = {key: entry for key, entry in value.items() if key != "file"}
        return {"upload": upload(folder / value["file"]), **rest}
    return value
