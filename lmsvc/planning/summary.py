"""A plan as people and programs are shown it before anything runs."""

from collections.abc import Iterable, Mapping
from typing import Any

from lmsvc.jobs.document import JobDocument
from lmsvc.jobs.tools import Tool, ToolRegistry
from lmsvc.planning.batches import Sizing, seconds_of
from lmsvc.planning.cutting import count_tasks
from lmsvc.planning.lengths import Lengths, step_lengths
from lmsvc.planning.links import edges, item_chains
from lmsvc.planning.results import PoolShape
from lmsvc.planning.stages import Stage, plan_stages


def plan_summary(
    document: JobDocument,
    tools: ToolRegistry,
    pools: Mapping[str, PoolShape],
    *,
    input_lengths: Mapping[str, int] | None = None,
    seconds_per_item: Mapping[str, float] | None = None,
    sizing: Sizing | None = None,
) -> dict[str, Any]:
    """Return the plan of a job that has not started.

    Args:
        document: a valid job document.
        tools: the registered tools.
        pools: the pools by name.
        input_lengths: number of elements of the job's array inputs (see `inputs.lengths`).
        seconds_per_item: measured seconds by tool.
        sizing: bounds of batches and shards.

    Returns:
        `stages` (each with `id`, `pool`, `after`, and `steps` with `step`, `tool`, `category`, `items`, `tasks`),
        `items` and `tasks` of the whole job, `categories`, `pools`. Numbers that are not known yet are None.

    Raises:
        PlanError: no pool can run a step.
    """
    chosen = sizing or Sizing()
    plan = plan_stages(document, tools, pools, {}, input_lengths=input_lengths, sizing=chosen)
    lengths = step_lengths(document, tools, {}, input_lengths or {})
    counting = _Counting(document, tools, lengths, seconds_per_item or {}, chosen)
    stages = [counting.stage(stage, pools[stage.pool]) for stage in plan.stages]
    steps = [step for stage in stages for step in stage["steps"]]
    return {
        "stages": stages,
        "items": _total(step["items"] for step in steps),
        "tasks": _total(step["tasks"] for step in steps),
        "categories": sorted({step["category"] for step in steps}),
        "pools": sorted({stage.pool for stage in plan.stages}),
    }


class _Counting:
    def __init__(
        self,
        document: JobDocument,
        tools: ToolRegistry,
        lengths: Lengths,
        measured: Mapping[str, float],
        sizing: Sizing,
    ) -> None:
        self._document, self._tools, self._lengths, self._sizing = document, tools, lengths, sizing
        self._measured = measured

    def stage(self, stage: Stage, pool: PoolShape) -> dict[str, Any]:
        tasks: dict[str, int | None] = {}
        for chain in item_chains(stage.steps, edges(self._document, self._tools)):
            tasks |= self._tasks(chain, pool)
        steps = [self._step(step, tasks[step]) for step in stage.steps]
        return {"id": stage.id, "pool": stage.pool, "after": list(stage.after), "steps": steps}

    def _tasks(self, chain: tuple[str, ...], pool: PoolShape) -> dict[str, int | None]:
        items = self._lengths.get(chain[0], 1)
        if items is None:
            return dict.fromkeys(chain)
        seconds = {step: seconds_of(self._tool(step), self._measured) for step in chain}
        return {**count_tasks(chain, items, seconds, pool.slots, self._sizing)}

    def _step(self, step: str, tasks: int | None) -> dict[str, Any]:
        tool, items = self._tool(step), self._lengths.get(step, 1)
        return {"step": step, "tool": tool.id, "category": tool.category, "items": items, "tasks": tasks}

    def _tool(self, step: str) -> Tool:
        return self._tools[self._document.steps[step].run]


def _total(numbers: Iterable[int | None]) -> int | None:
    total = 0
    for number in numbers:
        if number is None:
            return None
        total += number
    return total
