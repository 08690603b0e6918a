"""Builds the tasks of a stage: batches of items with everything the step runner has to know."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lmsvc.jobs.document import JobDocument
from lmsvc.jobs.tools import ToolRegistry
from lmsvc.planning.results import BundleItems, PlanError, PoolShape, ResolvedInput, StepResult
from lmsvc.planning.stages import Stage

__all__ = [
    "BundleItems",
    "PlanError",
    "ResolvedInput",
    "Shard",
    "StageRequest",
    "StepResult",
    "Task",
    "build_stage",
]


@dataclass(frozen=True)
class StageRequest:
    """One stage to be built, with all that was decided and found out before."""

    job_id: str
    document: JobDocument
    tools: ToolRegistry
    stage: Stage
    pool: PoolShape
    results: Mapping[str, StepResult]
    inputs: Mapping[str, ResolvedInput]
    seconds_per_item: Mapping[str, float]
    """By tool; a tool that is not in it is taken by its description's first guess."""
    attempt: int = 1
    batch_seconds: float = 5.0
    max_rules: int = 400


@dataclass(frozen=True)
class Task:
    """One rule of a Makeflow: a batch of items of one step."""

    id: str
    step: str
    category: str
    bundle: str
    """Name of the tar it makes."""
    items: tuple[int, ...]
    spec: dict[str, Any]
    """The task specification for the step runner."""
    needs_bundles: tuple[str, ...]
    needs_files: tuple[str, ...]
    """Paths relative to the stage's directory; files at absolute paths are on every host already."""


@dataclass(frozen=True)
class Shard:
    """The tasks of one Makeflow."""

    index: int
    tasks: tuple[Task, ...]


def build_stage(request: StageRequest) -> tuple[Shard, ...]:
    """Build the tasks of a stage whose earlier stages are finished; only items without a kept result are built.

    Returns:
        The shards with at least one task, in order; none where nothing is left to do.

    Raises:
        PlanError: scattered inputs turn out to have different lengths.
    """
    raise NotImplementedError
