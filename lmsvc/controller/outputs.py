"""From bundles to published outputs: which files, under which names, with which checksums."""

import re
import shutil
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lmsvc.controller.content_hash import content_sha256
from lmsvc.controller.results import JobResults
from lmsvc.jobs.states import ItemState
from lmsvc.worker.step_runner import Bundle

OUTPUTS = "outputs"
LARGEST_READ_WHOLE_BYTES = 200_000_000
"""A larger file is copied in pieces, and its content checksum is that of its bytes."""

_LARGEST_STEM = 80
_EPOCH = (1980, 1, 1, 0, 0, 0)
_COMPRESSED_ALREADY = {".lmm", ".png", ".tif", ".tiff", ".zip"}
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


def publish_outputs(
    references: Sequence[str], results: JobResults, bundles: Path, archive: zipfile.ZipFile
) -> list[Published]:
    """Copy the outputs that a job asked for out of its bundles into its package.

    Args:
        references: ``step/output`` each.
        results: what is done.
        bundles: directory of the job's bundles.
        archive: the package; files go below ``outputs/``.
    """
    publisher = _Publisher(bundles, archive)
    return [file for wanted in _by_step(references) for file in publisher.step(wanted, results)]


def _by_step(references: Sequence[str]) -> Iterator[_Wanted]:
    steps: dict[str, list[str]] = {}
    for reference in dict.fromkeys(references):
        step, output = reference.split("/")
        steps.setdefault(step, []).append(output)
    for step, outputs in steps.items():
        yield _Wanted(step, tuple(outputs))


class _Publisher:
    def __init__(self, bundles: Path, archive: zipfile.ZipFile) -> None:
        self._bundles = bundles
        self._archive = archive
        self._names = Names()

    def step(self, wanted: _Wanted, results: JobResults) -> Iterator[Published]:
        """Publish the succeeded items of a step, bundle by bundle."""
        succeeded: dict[str, set[int]] = {}
        for index, item in results.items(wanted.step).items():
            if item.state is ItemState.SUCCEEDED:
                succeeded.setdefault(item.bundle, set()).add(index)
        for name in sorted(succeeded, key=lambda bundle: min(succeeded[bundle])):
            with Bundle(self._bundles / name) as bundle:
                for index in sorted(succeeded[name]):
                    yield from self._item(wanted, bundle.items[index], bundle)

    def _item(self, wanted: _Wanted, item: Mapping[str, Any], bundle: Bundle) -> Iterator[Published]:
        for output in wanted.outputs:
            value = item["outputs"].get(output)
            for element in value if isinstance(value, list) else [value]:
                if _is_file(element):
                    yield self._file(wanted.step, output, item, element, bundle)
                elif element is not None:
                    yield Published(wanted.step, output, item["index"], item["label"], "", value=element)

    def _file(
        self, step: str, output: str, item: Mapping[str, Any], file: Mapping[str, Any], bundle: Bundle
    ) -> Published:
        label = file.get("label") or item["label"]
        suffix = Path(file["basename"]).suffix
        stem = safe_stem(label or Path(file["basename"]).stem)
        path = self._names.unique(f"{step}/{output}", stem, suffix)
        member = zip_member(f"{OUTPUTS}/{path}")
        if file["size"] > LARGEST_READ_WHOLE_BYTES:
            with bundle.open(file["path"]) as source, self._archive.open(member, "w", force_zip64=True) as target:
                shutil.copyfileobj(source, target, 1 << 20)
            content = file["sha256"]
        else:
            data = bundle.read(file["path"])
            self._archive.writestr(member, data)
            content = content_sha256(path, data)
        return Published(
            step, output, item["index"], label, path, file["size"], file["sha256"], content, media_type(path)
        )


def _is_file(value: object) -> bool:
    return isinstance(value, dict) and value.get("class") == "File"


def zip_member(name: str) -> zipfile.ZipInfo:
    """Return a package's member: no date of its own, compressed unless its kind is so already."""
    info = zipfile.ZipInfo(name, _EPOCH)
    stored = Path(name).suffix.lower() in _COMPRESSED_ALREADY
    info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    return info


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
