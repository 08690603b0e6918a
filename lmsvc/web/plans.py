"""What a job would come to, as far as that is known before anything has run."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, Field

from lmsvc.jobs.document import JobDocument
from lmsvc.planning.batches import Sizing, seconds_of
from lmsvc.planning.inputs import lengths
from lmsvc.planning.summary import plan_summary
from lmsvc.pools import shapes
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
    settings, tools, timed = found.settings, found.registries.tools, found.seconds_per_item.get()
    summary = plan_summary(
        document,
        tools,
        shapes(found.page.pools()),
        input_lengths=lengths(document, found.registries.datasets),
        seconds_per_item=timed,
        sizing=Sizing(settings.batch_seconds, settings.max_rules),
    )
    return _body(summary, lambda tool: seconds_of(tools[tool], timed))


def _body(summary: Mapping[str, Any], seconds_per_item: Callable[[str], float]) -> PlanBody:
    steps = [
        _step(stage, step, seconds_per_item(step["tool"])) for stage in summary["stages"] for step in stage["steps"]
    ]
    seconds = None if summary["items"] is None else sum(step.seconds or 0.0 for step in steps)
    return PlanBody(
        stages=[_stage(stage) for stage in summary["stages"]],
        steps=steps,
        **{name: summary[name] for name in ("categories", "pools", "items", "tasks")},
        seconds=seconds,
        small=seconds is not None and seconds <= SMALL_SECONDS,
    )


def _stage(stage: Mapping[str, Any]) -> StageBody:
    steps = [step["step"] for step in stage["steps"]]
    return StageBody(id=stage["id"], pool=stage["pool"], after=stage["after"], steps=steps)


def _step(stage: Mapping[str, Any], step: Mapping[str, Any], seconds_per_item: float) -> PlannedStep:
    seconds = None if step["items"] is None else round(step["items"] * seconds_per_item, 3)
    return PlannedStep(**step, stage=stage["id"], pool=stage["pool"], seconds=seconds)
