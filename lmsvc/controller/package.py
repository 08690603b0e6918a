"""The package that a researcher downloads: outputs, manifest, reports, and what is needed to cite and repeat."""

import csv
import io
import json
import os
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lmsvc import __version__
from lmsvc.controller.outputs import OUTPUTS, Published, publish_outputs, zip_member
from lmsvc.controller.results import JobResults

MANIFEST_NAME = "manifest.json"
COMPRESSION_LEVEL = 4
_ITEM_COLUMNS = ("step", "item", "label", "state", "reason", "host", "seconds", "peak_memory_mb", "exit_code")


@dataclass(frozen=True)
class PackageContent:
    """What goes into a package besides the output files."""

    job_id: str
    document: Mapping[str, Any]
    plan: Mapping[str, Any]
    summary: Mapping[str, Any]
    citations: Sequence[str]
    versions: Mapping[str, str]


def write_package(target: Path, results: JobResults, bundles: Path, content: PackageContent) -> list[Published]:
    """Write the zip, complete or not at all.

    Args:
        target: the package's path.
        results: what is done of the job.
        bundles: directory of the job's bundles.
        content: everything besides the outputs.

    Returns:
        What of the outputs is in it.
    """
    partial = target.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w", compresslevel=COMPRESSION_LEVEL) as archive:
        published = publish_outputs(content.document["outputs"], results, bundles, archive)
        _add(archive, MANIFEST_NAME, _json(manifest(published, content)))
        _add(archive, "job.json", _json(content.document))
        _add(archive, "plan.json", _json(content.plan))
        _add(archive, "citations.txt", "".join(f"{line}\n" for line in content.citations))
        _add(archive, "reports/items.csv", item_table(results.statuses(bundles)))
    with partial.open("rb") as written:
        os.fsync(written.fileno())
    partial.rename(target)
    return published


def manifest(published: Sequence[Published], content: PackageContent) -> dict[str, Any]:
    """Return the manifest: every file with its checksums, every value, versions and citations."""
    return {
        "format": 1,
        "job": content.job_id,
        "name": content.document.get("name"),
        "summary": content.summary,
        "versions": {"lmsvc": __version__, **content.versions},
        "citations": list(content.citations),
        "files": [_file_entry(file) for file in published if file.path],
        "values": [_value_entry(file) for file in published if not file.path],
    }


def _file_entry(file: Published) -> dict[str, Any]:
    return {
        "path": f"{OUTPUTS}/{file.path}",
        **{"step": file.step, "output": file.output, "item": file.item, "label": file.label},
        **{"size": file.size, "sha256": file.sha256, "content_sha256": file.content_sha256},
    }


def _value_entry(file: Published) -> dict[str, Any]:
    return {"step": file.step, "output": file.output, "item": file.item, "label": file.label, "value": file.value}


def item_table(statuses: Iterable[Mapping[str, Any]]) -> str:
    """Return every item of every step as CSV: how it ended, why, where, and what it took."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(_ITEM_COLUMNS)
    for status in statuses:
        for item in status["items"]:
            own = (item["label"], item["state"], item["reason"], status["host"])
            cost = (item["seconds"], item["peak_memory_mb"], item["exit_code"])
            table.writerow((status["step"], item["index"], *own, *cost))
    return text.getvalue()


def _json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _add(archive: zipfile.ZipFile, name: str, text: str) -> None:
    archive.writestr(zip_member(name), text)
