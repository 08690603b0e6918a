"""From bundles to published outputs: which files, under which names, with which checksums."""

import re
import shutil
import tarfile
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from lmsvc.controller.content_hash import content_sha256
from lmsvc.controller.results import JobResults
from lmsvc.jobs.states import ItemState
from lmsvc.worker.step_runner import read_status

_LARGEST_STEM = 80
_MEDIA_TYPES = {
    ".csv": "text/csv",
    ".geojson": "application/geo+json",
    ".json": "application/json",
    ".lmm": "application/zip",
    ".nex": "text/plain",
    ".nwk": "text/plain",
    ".png": "image/png",
    ".tif": "image/tiff",
    ".tre": "text/plain",
    ".txt": "text/plain",
    ".zip": "application/zip",
}


@dataclass(frozen=True)
class Published:
    """One output of the job.

    Attributes:
        path: below the outputs directory, ``<step>/<output>/<file>``; empty for a value.
        value: of an output that is not a file.
    """

    step: str
    output: str
    item: int
    label: str | None
    path: str
    size: int = 0
    sha256: str = ""
    content_sha256: str = ""
    media_type: str = ""
    value: object = None


@dataclass(frozen=True)
class _Wanted:
    step: str
    outputs: tuple[str, ...]


def publish_outputs(references: Sequence[str], results: JobResults, bundles: Path, target: Path) -> list[Published]:
    """Copy the outputs that a job asked for out of its bundles.

    Args:
        references: ``step/output`` each.
        results: what is done.
        bundles: directory of the job's bundles.
        target: directory to fill; what was there is replaced, all at once at the end.
    """
    partial = target.with_name(target.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    published = [file for wanted in _by_step(references) for file in _publish_step(wanted, results, bundles, partial)]
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)
    return published


def _by_step(references: Sequence[str]) -> Iterator[_Wanted]:
    steps: dict[str, list[str]] = {}
    for reference in dict.fromkeys(references):
        step, output = reference.split("/")
        steps.setdefault(step, []).append(output)
    for step, outputs in steps.items():
        yield _Wanted(step, tuple(outputs))


def _publish_step(wanted: _Wanted, results: JobResults, bundles: Path, target: Path) -> Iterator[Published]:
    names = Names()
    succeeded: dict[str, set[int]] = {}
    for index, item in results.items(wanted.step).items():
        if item.state is ItemState.SUCCEEDED:
            succeeded.setdefault(item.bundle, set()).add(index)
    order = sorted(succeeded, key=lambda bundle: min(succeeded[bundle]))
    for bundle in order:
        path = bundles / bundle
        status = read_status(path)
        with tarfile.open(path) as archive:
            for item in status["items"]:
                if item["index"] in succeeded[bundle]:
                    yield from _publish_item(wanted, item, archive, target, names)


def _publish_item(
    wanted: _Wanted, item: Mapping[str, Any], archive: tarfile.TarFile, target: Path, names: "Names"
) -> Iterator[Published]:
    for output in wanted.outputs:
        value = item["outputs"].get(output)
        for element in value if isinstance(value, list) else [value]:
            if _is_file(element):
                yield _publish_file(wanted.step, output, item, element, archive, target, names)
            elif element is not None:
                yield Published(wanted.step, output, item["index"], item["label"], "", value=element)


def _is_file(value: object) -> bool:
    return isinstance(value, dict) and value.get("class") == "File"


def _publish_file(
    step: str,
    output: str,
    item: Mapping[str, Any],
    file: Mapping[str, Any],
    archive: tarfile.TarFile,
    target: Path,
    names: "Names",
) -> Published:
    label = file.get("label") or item["label"]
    suffix = Path(file["basename"]).suffix
    stem = safe_stem(label) if label else safe_stem(Path(file["basename"]).stem)
    path = names.unique(f"{step}/{output}", stem, suffix)
    member = archive.extractfile(file["path"])
    if member is None:
        raise ValueError(f"bundle member {file['path']} is not a file")
    checksum = _copy(member, target / path)
    return Published(step, output, item["index"], label, path, file["size"], file["sha256"], checksum, media_type(path))


def _copy(source: IO[bytes], target: Path) -> str:
    data = source.read()
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    return content_sha256(target.name, data)


def media_type(path: str) -> str:
    """Return the media type of a file by its suffix."""
    return _MEDIA_TYPES.get(Path(path).suffix.lower(), "application/octet-stream")


def safe_stem(label: str) -> str:
    """Return a file name for a label: ASCII letters, digits, ``-``, ``_`` and ``.``, at most 80 of them."""
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9.-]+", "_", plain).strip("._")[:_LARGEST_STEM] or "unnamed"


class Names:
    """Gives out file names that differ by more than case."""

    def __init__(self) -> None:
        """Start with none given out."""
        self._given: set[str] = set()

    def unique(self, directory: str, stem: str, suffix: str) -> str:
        """Return ``directory/stem+suffix``, with a number where that is taken already."""
        number = 1
        path = f"{directory}/{stem}{suffix}"
        while path.lower() in self._given:
            number += 1
            path = f"{directory}/{stem}-{number}{suffix}"
        self._given.add(path.lower())
        return path
