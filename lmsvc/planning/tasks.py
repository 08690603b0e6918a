"""Builds the tasks of a stage: batches of items with everything the step runner has to know."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lmsvc.jobs.document import JobDocument
from lmsvc.jobs.states import is_finished
from lmsvc.jobs.tools import Tool, ToolRegistry
from lmsvc.planning.batches import Sizing, seconds_of
from lmsvc.planning.cutting import Batch, Chain, cut
from lmsvc.planning.lengths import step_lengths
from lmsvc.planning.links import Link, edges, item_chains, within
from lmsvc.planning.results import BundleItems, PlanError, PoolShape, ResolvedInput, StepResult
from lmsvc.planning.sources import Needs, Outcome, Sources, needs
from lmsvc.planning.specs import shared_spec, step_sources, task_spec
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
    """Build the tasks of a stage whose earlier stages are finished; only items that no result is given of are built.

    What a retry shall run again must therefore be left out of the results.

    Returns:
        The shards with at least one task, in order; none where nothing is left to do.

    Raises:
        PlanError: scattered inputs turn out to have different lengths.
    """
    return _StageBuild(request).shards()


class _StageBuild:
    """The building of one stage, step by step in the order in which they need each other."""

    def __init__(self, request: StageRequest) -> None:
        self._request = request
        self._lengths = step_lengths(request.document, request.tools, request.results, _input_lengths(request.inputs))
        self._outcomes = {name: Outcome.of(result) for name, result in request.results.items()}
        self._missing = {step: self._forget_missing(step) for step in request.stage.steps}
        self._sources = Sources(request.document, request.tools, request.inputs, self._outcomes)

    def shards(self) -> tuple[Shard, ...]:
        """Build the tasks and share them out."""
        batches = list(self._batches())
        for batch in batches:
            self._outcomes[batch.step].bundles |= dict.fromkeys(batch.items, f"{self._task_id(batch)}.tar")
        tasks: dict[int, list[Task]] = {}
        for step in self._request.stage.steps:
            built = self._step_tasks(step, [batch for batch in batches if batch.step == step])
            for shard, task in built:
                tasks.setdefault(shard, []).append(task)
        return tuple(Shard(index, tuple(tasks[shard])) for index, shard in enumerate(sorted(tasks)))

    def _forget_missing(self, step: str) -> list[int]:
        """Return the items to be run, and forget what an earlier attempt left of them."""
        length = self._lengths.get(step, 1)
        if length is None:
            raise PlanError(f"step {step} cannot be built before its length is known")
        result = self._request.results.get(step, StepResult())
        same = result.length == (length if step in self._lengths else None)
        kept = {item for item, state in result.states.items() if is_finished(state)} if same else set[int]()
        outcome = self._outcomes.setdefault(step, Outcome())
        outcome.bundles = {item: bundle for item, bundle in outcome.bundles.items() if item in kept}
        return [item for item in range(length) if item not in outcome.bundles]

    def _batches(self) -> Iterator[Batch]:
        request = self._request
        sizing = Sizing(request.batch_seconds, request.max_rules)
        seconds = {step: seconds_of(self._tool(step), request.seconds_per_item) for step in request.stage.steps}
        inner = within(request.stage.steps, edges(request.document, request.tools))
        chains = item_chains(request.stage.steps, inner)
        in_shards = len(chains) == 1 and all(edge.link is Link.ITEM for edge in inner)
        for steps in chains:
            chain = Chain(steps, {step: self._missing[step] for step in steps})
            if chain.items:
                yield from cut(chain, seconds, request.pool.slots, sizing, in_shards=in_shards)

    def _step_tasks(self, name: str, batches: Sequence[Batch]) -> Iterator[tuple[int, Task]]:
        step, tool, length = self._request.document.steps[name], self._tool(name), self._lengths.get(name, 1) or 0
        if not batches:
            return
        sources = step_sources(name, step, tool, self._sources, length)
        shared = shared_spec(tool, self._request.document.retries_of(name), self._request.pool)
        self._outcomes[name].labels |= {item: sources.labels[item] for item in self._missing[name]}
        common = needs(list(sources.common.values()))
        for batch in batches:
            yield (
                batch.shard,
                self._task(batch, task_spec(self._task_id(batch), name, shared, sources, batch.items), common),
            )

    def _task(self, batch: Batch, spec: dict[str, Any], common: Needs) -> Task:
        own = needs([source for item in spec["items"] for source in item["inputs"].values()])
        return Task(
            id=spec["task"],
            step=batch.step,
            category=self._tool(batch.step).category,
            bundle=spec["bundle"],
            items=batch.items,
            spec=spec,
            needs_bundles=tuple(dict.fromkeys((*common.bundles, *own.bundles))),
            needs_files=tuple(dict.fromkeys((*common.files, *own.files))),
        )

    def _task_id(self, batch: Batch) -> str:
        return f"{batch.step}.{self._request.attempt}.{batch.number:04d}"

    def _tool(self, step: str) -> Tool:
        return self._request.tools[self._request.document.steps[step].run]


def _input_lengths(inputs: Mapping[str, ResolvedInput]) -> dict[str, int]:
    return {name: given.length for name, given in inputs.items() if given.length is not None}
