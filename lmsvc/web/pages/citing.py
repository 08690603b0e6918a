"""What to cite of what a job used, as its package says too."""

from collections.abc import Iterator, Mapping
from typing import Any

from lmsvc.registries import Registries


def citations(document: Mapping[str, Any], registries: Registries) -> list[str]:
    """Return what to cite: the tools and datasets that a job document names, each once."""
    return list(dict.fromkeys((*_of_tools(document, registries), *_of_datasets(document, registries))))


def _of_tools(document: Mapping[str, Any], registries: Registries) -> Iterator[str]:
    used = {step.get("run") for step in document.get("steps", {}).values()}
    for name, tool in registries.tools.items():
        if name in used:
            yield from tool.cites


def _of_datasets(document: Mapping[str, Any], registries: Registries) -> Iterator[str]:
    given = document.get("inputs", {}).values()
    used = {each["dataset"] for each in given if isinstance(each, Mapping) and "dataset" in each}
    for name, dataset in registries.datasets.items():
        if name in used:
            yield dataset.citation
