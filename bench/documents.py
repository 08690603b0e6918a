"""The jobs that are measured."""

from collections.abc import Sequence
from typing import Any

Document = dict[str, Any]


def trivial() -> Document:
    """Return a job of one step that writes a word to a file."""
    return {
        "name": "trivial",
        "steps": {"say": {"run": "echo_text", "in": {"text": {"value": "hello"}}}},
        "outputs": ["say/text"],
    }


def touches(count: int) -> Document:
    """Return a job of ``count`` items, each of which runs ``touch``."""
    return {
        "name": f"{count} touches",
        "inputs": {"numbers": {"value": list(range(count))}},
        "steps": {"touch": {"run": "bench_touch", "scatter": "item", "in": {"item": "inputs/numbers"}}},
        "outputs": ["touch/file"],
    }


def naps(count: int, seconds: float) -> Document:
    """Return a job of ``count`` items that sleep."""
    return {
        "name": f"{count} naps",
        "inputs": {"seconds": {"value": [seconds] * count}},
        "steps": {"nap": {"run": "sleep_seconds", "scatter": "seconds", "in": {"seconds": "inputs/seconds"}}},
        "outputs": ["nap/text"],
    }


def models(occurrences: str, layers: Sequence[tuple[str, str]]) -> Document:
    """Return the job split, clean, model.

    Args:
        occurrences: upload id of the records.
        layers: upload id and label of each climate layer.
    """
    return {
        "name": "models",
        "inputs": {
            "occurrences": {"upload": occurrences},
            "layers": [{"upload": upload, "label": label} for upload, label in layers],
        },
        "steps": {
            "split": {"run": "split_occurrence_data", "in": {"occurrences": "inputs/occurrences"}},
            "clean": {"run": "wrangle_occurrences", "scatter": "occurrences", "in": {"occurrences": "split/species"}},
            "model": {
                "run": "create_sdm",
                "scatter": "points",
                "in": {"points": "clean/occurrences", "layers": "inputs/layers"},
            },
        },
        "outputs": ["model/model", "model/report"],
    }
