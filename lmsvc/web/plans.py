"""What a job would come to, as far as that is known before anything has run."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import BaseModel, Field

from lmsvc.jobs.datasets import Dataset
from lmsvc.jobs.document import DatasetLayers, JobDocument, Step, StepInput, Value, is_merged, references
from lmsvc.jobs.flow import Flow, merged_length, of_input, of_output, of_value
from lmsvc.jobs.graph import ordered
from lmsvc.jobs.names import Reference
from lmsvc.jobs.tools import ToolRegistry
from lmsvc.planning.results import PoolShape
from lmsvc.planning.stages import Plan, Sizing, Stage, plan_stages
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


@dataclass(frozen=True)
class Lengths:
    """How often each step of a document runs; None where only another step's run will tell."""

    document: JobDocument
    tools: ToolRegistry
    datasets: Mapping[str, Dataset]

    def by_step(self) -> dict[str, int | None]:
        """Return the number of items of every step."""
        known: dict[str, int | None] = {}
        needs = {name: list(_needed(step)) for name, step in self.document.steps.items()}
        for name in ordered(needs):
            step = self.document.steps[name]
            known[name] = self._items(step, known) if step.scatter else 1
        return known

    def _items(self, step: Step, known: Mapping[str, int | None]) -> int | None:
        lengths = [self._length(step.in_[name], known) for name in step.scatter]
        return next((length for length in lengths if length is not None), None)

    def _length(self, binding: StepInput, known: Mapping[str, int | None]) -> int | None:
        if isinstance(binding, Value):
            return of_value(binding.value).length
        flows = [self._flow(Reference.parse(text), known) for text in references(binding)]
        return merged_length(flows) if is_merged(binding) else flows[0].length

    def _flow(self, reference: Reference, known: Mapping[str, int | None]) -> Flow:
        if reference.step is None:
            given = self.document.inputs[reference.name]
            return of_input(given, self.datasets.get(given.dataset) if isinstance(given, DatasetLayers) else None)
        step = self.document.steps[reference.step]
        declared = self.tools[step.run].outputs[reference.name].type
        return of_output(declared, scattered=bool(step.scatter), length=known[reference.step])


def plan_of(found: Services, document: JobDocument) -> PlanBody:
    """Plan a valid document for the pools as configured.

    Raises:
        PlanError: no pool can run a step.
    """
    tools, settings = found.registries.tools, found.settings
    lengths = Lengths(document, tools, found.registries.datasets).by_step()
    pools = pool_shapes(settings)
    sizing = Sizing(settings.batch_seconds, settings.max_rules)
    plan = plan_stages(document, tools, pools, {}, input_lengths=_input_lengths(found, document), sizing=sizing)
    timed = found.store.seconds_per_item()
    steps = [
        _step(name, step, plan.stage_of(name), lengths[name], _Work(found, timed, pools))
        for name, step in document.steps.items()
    ]
    return _body(plan, steps)


def pool_shapes(settings: Settings) -> dict[str, PoolShape]:
    """Return the configured pools as the planner sees them."""
    return {
        name: PoolShape(name, tuple(pool.categories), pool.slots, pool.cores, pool.memory_mb, pool.disk_mb)
        for name, pool in settings.pools.items()
    }


def _input_lengths(found: Services, document: JobDocument) -> dict[str, int]:
    datasets = found.registries.datasets
    flows = {
        name: of_input(given, datasets.get(given.dataset) if isinstance(given, DatasetLayers) else None)
        for name, given in document.inputs.items()
    }
    return {name: flow.length for name, flow in flows.items() if flow.length is not None}


def _needed(step: Step) -> Iterable[str]:
    for binding in step.in_.values():
        for text in () if isinstance(binding, Value) else references(binding):
            needed = Reference.parse(text).step
            if needed is not None:
                yield needed


@dataclass(frozen=True)
class _Work:
    """What is known about the time tools take and the slots there are."""

    found: Services
    timed: Mapping[str, float]
    pools: Mapping[str, PoolShape]

    def seconds(self, tool: str) -> float:
        return self.timed.get(tool, self.found.registries.tools[tool].resources.seconds_per_item)

    def tasks(self, items: int, seconds: float, pool: str) -> int:
        share = math.ceil(items / max(1, self.pools[pool].slots))
        return math.ceil(items / max(1, min(share, int(self.found.settings.batch_seconds / seconds))))


def _step(name: str, step: Step, stage: Stage, items: int | None, work: _Work) -> PlannedStep:
    seconds = work.seconds(step.run)
    return PlannedStep(
        step=name,
        tool=step.run,
        category=work.found.registries.tools[step.run].category,
        pool=stage.pool,
        stage=stage.id,
        items=items,
        tasks=None if items is None else work.tasks(items, seconds, stage.pool),
        seconds=None if items is None else round(items * seconds, 3),
    )


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
