"""What the planner is told: the pools, the inputs of a job as sources, and what its steps have come to so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lmsvc.jobs.states import ItemState

SourceDict = dict[str, Any]
"""A source as it stands in a task specification: `{"value": ...}`, `{"file": ...}`, `{"bundle": ...}`, ..."""


class PlanError(Exception):
    """The job cannot be planned; the text says why and what would help."""


class NoPoolError(PlanError):
    """No pool can run some of a job's steps.

    Attributes:
        reasons: by step, why.
    """

    def __init__(self, reasons: Mapping[str, str]) -> None:
        """Keep the reasons."""
        super().__init__("; ".join(f"step {step}: {reason}" for step, reason in reasons.items()))
        self.reasons = reasons


@dataclass(frozen=True)
class PoolShape:
    """A pool as the planner sees it: whom it serves and what one of its slots offers."""

    name: str
    categories: tuple[str, ...] = ("*",)
    slots: int = 1
    """Slots of all hosts together that a job may hope for."""
    cores: int = 1
    memory_mb: int = 2000
    disk_mb: int = 10000
    gpus: int = 0
    image: str = ""
    """Where its tasks find their programs; empty where that is not known."""


@dataclass(frozen=True)
class BundleItems:
    """A bundle and those of its items that count (a later attempt's bundle wins over an earlier one)."""

    bundle: str
    items: tuple[int, ...]


@dataclass(frozen=True)
class StepResult:
    """What a step has come to so far."""

    length: int | None = None
    """Number of items; None for a step that is not scattered (its one item has index 0)."""
    bundles: tuple[BundleItems, ...] = ()
    states: Mapping[int, ItemState] = field(default_factory=dict)
    labels: Mapping[int, str | None] = field(default_factory=dict)
    arrays: Mapping[tuple[str, int], int] = field(default_factory=dict)
    """(output, item) to the number of elements of an array output."""
    complete: bool = False
    """Whether every item is finished (succeeded, failed, skipped or not run)."""


@dataclass(frozen=True)
class ResolvedInput:
    """An input of the job, ready to be put into task specifications."""

    source: SourceDict
    elements: tuple[SourceDict, ...] | None = None
    """The source of each element where it is an array."""

    @property
    def length(self) -> int | None:
        """Number of elements; None where it is not an array."""
        return None if self.elements is None else len(self.elements)
