"""Groups a job's steps into stages: each becomes one Makeflow, or several where a scatter is wide."""

from collections.abc import Mapping
from dataclasses import dataclass

from lmsvc.jobs.document import JobDocument
from lmsvc.jobs.tools import ToolRegistry
from lmsvc.planning.results import PlanError, PoolShape, StepResult

__all__ = ["Plan", "PlanError", "PoolShape", "Sizing", "Stage", "StepResult", "plan_stages"]


@dataclass(frozen=True)
class Stage:
    """Steps that run together in one pool."""

    id: str
    """The name of its first step."""
    pool: str
    steps: tuple[str, ...]
    """In an order in which each comes after those it needs."""
    after: tuple[str, ...]
    """The stages that must be finished before."""


@dataclass(frozen=True)
class Plan:
    """All stages of a job, each after those it needs."""

    stages: tuple[Stage, ...]

    def stage_of(self, step: str) -> Stage:
        """Return the stage that a step belongs to.

        Raises:
            KeyError: there is no such step.
        """
        for stage in self.stages:
            if step in stage.steps:
                return stage
        raise KeyError(step)


@dataclass(frozen=True)
class Sizing:
    """What decides into how many Makeflows a wide scatter is cut."""

    batch_seconds: float = 5.0
    max_rules: int = 400


def plan_stages(
    document: JobDocument,
    tools: ToolRegistry,
    pools: Mapping[str, PoolShape],
    results: Mapping[str, StepResult],
    *,
    input_lengths: Mapping[str, int] | None = None,
    sizing: Sizing | None = None,
) -> Plan:
    """Group the steps of a valid document into stages.

    Args:
        document: a valid job document.
        tools: the registered tools.
        pools: the pools by name.
        results: what the steps have come to so far; lengths that were unknown are taken from it.
        input_lengths: number of elements of the job's array inputs (see `inputs.lengths`).
        sizing: what makes a scatter wide.

    Returns:
        The stages; a started stage never changes as results come in, and every stage keeps its id.

    Raises:
        PlanError: no pool can run a step.
    """
    raise NotImplementedError
