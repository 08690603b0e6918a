"""What is in a package, in a few lines."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from lmsvc.cli.text import columns, size_text

MOST_REASONS = 8


def package_summary(path: Path) -> str:
    """Return a summary of a package: outputs by step, values, items left out with their reasons, citations."""
    with zipfile.ZipFile(path) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        items = list(csv.DictReader(io.StringIO(archive.read("reports/items.csv").decode())))
    title = f"{path}: {len(manifest['files'])} output files, {size_text(path.stat().st_size)}"
    return "\n".join([title, "", outputs_table(manifest), "", items_table(items), *left_out(items), *to_cite(manifest)])


def outputs_table(manifest: Mapping[str, Any]) -> str:
    """Return a table of outputs with number and size of their files, or their value."""
    rows = [
        [name, len(files), size_text(sum(file["size"] for file in files)), ", ".join(kinds(files))]
        for name, files in _by_output(manifest["files"])
    ]
    rows += [[name, len(values), "", _shown(values[0]["value"])] for name, values in _by_output(manifest["values"])]
    return columns(["output", "number", "size", "kind"], rows)


def _by_output(entries: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    ordered = sorted(entries, key=_output)
    return ((name, list(group)) for name, group in groupby(ordered, _output))


def _output(entry: Mapping[str, Any]) -> str:
    return f"{entry['step']}/{entry['output']}"


def kinds(files: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the endings of some files, each once."""
    return sorted({Path(file["path"]).suffix for file in files})


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:37] + "..."


def items_table(items: Sequence[Mapping[str, str]]) -> str:
    """Return how many items of each step ended how."""
    states = [
        state for state in ("succeeded", "skipped", "failed", "not_run") if any(i["state"] == state for i in items)
    ]
    steps = dict.fromkeys(item["step"] for item in items)
    rows = [[step, *(_count(items, step, state) for state in states)] for step in steps]
    return columns(["step", *states], rows)


def _count(items: Sequence[Mapping[str, str]], step: str, state: str) -> int:
    return sum(item["step"] == step and item["state"] == state for item in items)


def left_out(items: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Yield a line for each item that was left out, and why."""
    found = [item for item in items if item["state"] != "succeeded"]
    if found:
        yield ""
    for item in found[:MOST_REASONS]:
        yield f"{item['state']}: {item['step']} {item['label'] or item['item']}: {item['reason']}"
    if len(found) > MOST_REASONS:
        yield f"and {len(found) - MOST_REASONS} more in reports/items.csv"


def to_cite(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Yield how to cite what was used."""
    versions = ", ".join(f"{name} {version}" for name, version in manifest["versions"].items())
    yield f"\nmade with {versions}; {len(manifest['citations'])} works to cite in citations.txt"
