"""The package that a researcher downloads: outputs, manifest, reports, and what is needed to cite and repeat."""

import csv
import hashlib
import io
import json
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lmsvc import __version__
from lmsvc.controller.crate import CRATE_NAME, crate, crate_text
from lmsvc.controller.crate_facts import Member, RunFacts
from lmsvc.controller.outputs import OUTPUTS, Published, media_type, publish_outputs, zip_member
from lmsvc.controller.results import JobResults

MANIFEST_NAME = "manifest.json"
COMPRESSION_LEVEL = 4
_ITEM_COLUMNS = ("step", "item", "label", "state", "reason", "host", "seconds", "peak_memory_mb", "exit_code")
_ABOUT = {
    MANIFEST_NAME: "Every output with its checksums, every value, versions of programs.",
    "job.json": "The job document: what was asked for.",
    "plan.json": "The stages and tasks that the job was made into.",
    "citations.txt": "The works to cite, one per line.",
    "reports/items.csv": "Every item of every step: how it ended, why, where, and what it took.",
}


@dataclass(frozen=True)
class PackageContent:
    """What goes into a package besides the output files; whom to tell stays out of it, as packages are passed on."""

    job_id: str
    document: Mapping[str, Any]
    plan: Mapping[str, Any]
    summary: Mapping[str, Any]
    citations: Sequence[str]
    versions: Mapping[str, str]
    facts: RunFacts


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
        texts = _texts(published, content, item_table(results.statuses(bundles)))
        members = [*_output_members(published), *(_text_member(name, text) for name, text in texts.items())]
        metadata = crate(content.facts, members, content.citations, content.versions)
        for name, text in {**texts, CRATE_NAME: crate_text(metadata)}.items():
            archive.writestr(zip_member(name), text)
    with partial.open("rb") as written:
        os.fsync(written.fileno())
    partial.rename(target)
    return published


def _texts(published: Sequence[Published], content: PackageContent, items: str) -> dict[str, str]:
    """Return what is in a package besides the outputs, by name."""
    return {
        MANIFEST_NAME: _json(manifest(published, content)),
        "job.json": _json({name: value for name, value in content.document.items() if name != "notify"}),
        "plan.json": _json(content.plan),
        "citations.txt": "".join(f"{line}\n" for line in content.citations),
        "reports/items.csv": items,
    }


def _text_member(name: str, text: str) -> Member:
    data = text.encode()
    return Member(name, len(data), hashlib.sha256(data).hexdigest(), media_type(name), description=_ABOUT[name])


def _output_members(published: Iterable[Published]) -> Iterator[Member]:
    for file in published:
        if file.path:
            path = f"{OUTPUTS}/{file.path}"
            yield Member(path, file.size, file.sha256, file.media_type, file.step, file.label)


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
