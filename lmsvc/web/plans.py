"""What a job would come to, as far as that is known before anything has run."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, Field

from lmsvc.jobs.document import JobDocument
from lmsvc.jobs.tools import ToolRegistry
from lmsvc.planning.batches import Sizing, most_items, seconds_of
from lmsvc.planning.inputs import lengths
from lmsvc.planning.lengths import step_lengths
from lmsvc.planning.results import PoolShape
from lmsvc.planning.stages import Plan, Stage, plan_stages
from lmsvc.settings import Settings
from lmsvc.web.services import Services

SMALL_SECONDS = 60.0


class StageBody(BaseModel):
    """Steps that run together in one pool."""

    id: str
    pool: str
    steps: list[str]
    after: list[str] = Field(description="stages that must be finished before")


class PlannedStep(BaseModel):
    """What a step comes to."""

    step: str
    tool: str
    category: str
    pool: str
    stage: str
    items: int | None = Field(description="null while only another step's run will tell")
    tasks: int | None = Field(description="batches of items, about")
    seconds: float | None = Field(description="predicted, on one slot")


class PlanBody(BaseModel):
    """A plan."""

    stages: list[StageBody]
    steps: list[PlannedStep]
    categories: list[str]
    pools: list[str]
    items: int | None
    tasks: int | None
    seconds: float | None
    small: bool = Field(description="quick enough for the lane of small jobs")


def plan_of(found: Services, document: JobDocument) -> PlanBody:
    """Plan a valid document for the pools as configured.

    Raises:
        PlanError: no pool can run a step.
    """
    settings, tools = found.settings, found.registries.tools
    pools = pool_shapes(settings)
    given = lengths(document, found.registries.datasets)
    sizing = Sizing(settings.batch_seconds, settings.max_rules)
    plan = plan_stages(document, tools, pools, {}, input_lengths=given, sizing=sizing)
    work = _Work(tools, found.seconds_per_item.get(), pools, settings.batch_seconds)
    scattered = step_lengths(document, tools, {}, given)
    steps = [
        work.step(name, step.run, plan.stage_of(name), scattered.get(name, 1)) for name, step in document.steps.items()
    ]
    return _body(plan, steps)


def pool_shapes(settings: Settings) -> dict[str, PoolShape]:
    """Return the configured pools as the planner sees them."""
    return {
        name: PoolShape(name, tuple(pool.categories), pool.slots, pool.cores, pool.memory_mb, pool.disk_mb)
        for name, pool in settings.pools.items()
    }


@dataclass(frozen=True)
class _Work:
    """What is known about the time tools take and the slots there are."""

    tools: ToolRegistry
    timed: Mapping[str, float]
    pools: Mapping[str, PoolShape]
    batch_seconds: float

    def step(self, name: str, run: str, stage: Stage, items: int | None) -> PlannedStep:
        """Return what a step comes to."""
        seconds = seconds_of(self.tools[run], self.timed)
        return PlannedStep(
            step=name,
            tool=run,
            category=self.tools[run].category,
            pool=stage.pool,
            stage=stage.id,
            items=items,
            tasks=None if items is None else self._tasks(items, seconds, stage.pool),
            seconds=None if items is None else round(items * seconds, 3),
        )

    def _tasks(self, items: int, seconds: float, pool: str) -> int:
        return math.ceil(items / most_items(seconds, items, self.pools[pool].slots, self.batch_seconds))


def _body(plan: Plan, steps: list[PlannedStep]) -> PlanBody:
    tasks = [step.tasks for step in steps if step.tasks is not None]
    items = [step.items for step in steps if step.items is not None]
    seconds = sum(step.seconds for step in steps if step.seconds is not None)
    known = len(tasks) == len(steps)
    return PlanBody(
        stages=[StageBody(id=it.id, pool=it.pool, steps=list(it.steps), after=list(it.after)) for it in plan.stages],
        steps=steps,
        categories=sorted({step.category for step in steps}),
        pools=sorted({step.pool for step in steps}),
        items=sum(items) if known else None,
        tasks=sum(tasks) if known else None,
        seconds=seconds if known else None,
        small=known and seconds <= SMALL_SECONDS,
    )
