"""Which pool runs a step."""

from collections.abc import Mapping

from lmsvc.jobs.document import JobDocument
from lmsvc.jobs.tools import Tool, ToolRegistry
from lmsvc.planning.results import PlanError, PoolShape

EVERY = "*"
"""As a category of a pool: all categories."""


def assign_pools(document: JobDocument, tools: ToolRegistry, pools: Mapping[str, PoolShape]) -> dict[str, str]:
    """Return for each step the pool that runs it.

    The pool that the document names runs every step it is large enough for, whatever categories it serves. Otherwise a
    pool that names the step's category goes before one that serves every category; then the order of `pools` counts.

    Raises:
        PlanError: for every step that no pool can run, why.
    """
    chosen: dict[str, str] = {}
    problems: list[str] = []
    for name, step in document.steps.items():
        try:
            chosen[name] = _choose(name, tools[step.run], pools, document.pool)
        except PlanError as error:
            problems.append(str(error))
    if problems:
        raise PlanError("; ".join(problems))
    return chosen


def _choose(step: str, tool: Tool, pools: Mapping[str, PoolShape], named: str | None) -> str:
    serving = [pool for pool in pools.values() if _serves(pool, tool, named)]
    if not serving:
        why = f"there is no pool {named}" if named else f"none serves the category {tool.category}"
        raise PlanError(f"no pool can run step {step}: {why}")
    fitting = [pool for pool in serving if _fits(tool, pool)]
    if not fitting:
        raise PlanError(f"no pool can run step {step}: {_shortage(tool, serving)}")
    return min(fitting, key=lambda pool: tool.category not in pool.categories).name


def _serves(pool: PoolShape, tool: Tool, named: str | None) -> bool:
    return pool.name == named if named else bool({tool.category, EVERY} & set(pool.categories))


def _fits(tool: Tool, pool: PoolShape) -> bool:
    needs = tool.resources
    return needs.cores <= pool.cores and needs.memory_mb <= pool.memory_mb and needs.disk_mb <= pool.disk_mb


def _shortage(tool: Tool, serving: list[PoolShape]) -> str:
    needs = tool.resources
    rows = (
        (needs.memory_mb, max(pool.memory_mb for pool in serving), "MB"),
        (needs.cores, max(pool.cores for pool in serving), "cores"),
        (needs.disk_mb, max(pool.disk_mb for pool in serving), "MB of disk"),
    )
    short = [f"needs {need} {unit}, largest slot {most} {unit}" for need, most, unit in rows if need > most]
    return ", ".join(short) or "no slot has enough of everything at once"
