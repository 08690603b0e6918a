"""Which pool runs a step."""

from collections.abc import Mapping, Sequence

from lmsvc.jobs.document import JobDocument
from lmsvc.jobs.tools import Tool, ToolRegistry
from lmsvc.planning.results import NoPoolError, PoolShape

EVERY = "*"
"""As a category of a pool: all categories."""


def assign_pools(document: JobDocument, tools: ToolRegistry, pools: Mapping[str, PoolShape]) -> dict[str, str]:
    """Return for each step the pool that runs it.

    The pool that the document names runs every step it is large enough for, whatever categories it serves. Otherwise a
    pool that names the step's category goes before one that serves every category, and one without GPUs before one with
    some where the step needs none; then the order of `pools` counts.

    Raises:
        NoPoolError: for every step that no pool can run, why.
    """
    chosen: dict[str, str] = {}
    reasons: dict[str, str] = {}
    for name, step in document.steps.items():
        tool = tools[step.run]
        serving = [pool for pool in pools.values() if _serves(pool, tool, document.pool)]
        fitting = [pool for pool in serving if _fits(tool, pool)]
        if fitting:
            chosen[name] = _nearest(tool, fitting).name
        else:
            reasons[name] = f"no pool can run this task: {_lack(tool, serving, document.pool)}"
    if reasons:
        raise NoPoolError(reasons)
    return chosen


def _nearest(tool: Tool, fitting: Sequence[PoolShape]) -> PoolShape:
    return min(fitting, key=lambda pool: (tool.category not in pool.categories, pool.gpus and not tool.resources.gpus))


def _serves(pool: PoolShape, tool: Tool, named: str | None) -> bool:
    return pool.name == named if named else bool({tool.category, EVERY} & set(pool.categories))


def _fits(tool: Tool, pool: PoolShape) -> bool:
    needs = tool.resources
    room = needs.memory_mb <= pool.memory_mb and needs.disk_mb <= pool.disk_mb
    return room and needs.cores <= pool.cores and needs.gpus <= pool.gpus


def _lack(tool: Tool, serving: Sequence[PoolShape], named: str | None) -> str:
    if not serving:
        return f"there is no pool {named}" if named else f"none serves the category {tool.category}"
    needs = tool.resources
    rows = (
        (needs.memory_mb, max(pool.memory_mb for pool in serving), "MB"),
        (needs.cores, max(pool.cores for pool in serving), "cores"),
        (needs.disk_mb, max(pool.disk_mb for pool in serving), "MB of disk"),
        (needs.gpus, max(pool.gpus for pool in serving), "GPU" if needs.gpus == 1 else "GPUs"),
    )
    short = [f"needs {need} {unit}, largest slot {most} {unit}" for need, most, unit in rows if need > most]
    return ", ".join(short) or "no slot has enough of everything at once"
