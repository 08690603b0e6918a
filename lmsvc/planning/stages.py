"""Groups a job's steps into stages: each becomes one Makeflow, or several where a scatter is wide."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from lmsvc.jobs.document import JobDocument
from lmsvc.jobs.graph import ordered
from lmsvc.jobs.tools import ToolRegistry
from lmsvc.planning.batches import Sizing, aligned, most_items, rules, seconds_of
from lmsvc.planning.grouping import group
from lmsvc.planning.lengths import Lengths, step_lengths
from lmsvc.planning.links import Edge, Link, edges, in_order, item_chains, within
from lmsvc.planning.pools import assign_pools
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
    order, links = in_order(document), edges(document, tools)
    pool_of = assign_pools(document, tools, pools)
    lengths = step_lengths(document, tools, results, input_lengths or {})
    groups = _join(order, links, {edge for edge in links if _is_boundary(edge, pool_of)})
    wide = _Width(document, tools, lengths, sizing or Sizing())
    stages = [part for steps in groups for part in _refine(steps, links, wide)]
    return _plan(stages, links, pool_of)


def _is_boundary(edge: Edge, pool_of: Mapping[str, str]) -> bool:
    return edge.link is Link.ELEMENTS or pool_of[edge.producer] != pool_of[edge.consumer]


def _join(order: Sequence[str], links: Collection[Edge], cut: Collection[Edge]) -> list[tuple[str, ...]]:
    cuts = dict.fromkeys((edge.producer, edge.consumer) for edge in links if edge in cut)
    pairs = dict.fromkeys((edge.producer, edge.consumer) for edge in links)
    return group(order, [pair for pair in pairs if pair not in cuts], list(cuts))


def _refine(steps: tuple[str, ...], links: Collection[Edge], wide: "_Width") -> list[tuple[str, ...]]:
    """Cut a stage at its wide scatters, once all its lengths are known: before that it cannot start anyway."""
    inner = within(steps, links)
    shards = wide.shards(steps, inner)
    return _join(steps, inner, {edge for edge in inner if _leaves_shard(edge, shards)})


def _leaves_shard(edge: Edge, shards: Collection[str]) -> bool:
    return edge.link is not Link.ITEM and (edge.producer in shards or edge.consumer in shards)


class _Width:
    """Tells which scatters are too wide for one Makeflow, by what is known without having timed anything."""

    def __init__(self, document: JobDocument, tools: ToolRegistry, lengths: Lengths, sizing: Sizing) -> None:
        self._document, self._tools, self._lengths, self._sizing = document, tools, lengths, sizing

    def shards(self, steps: Sequence[str], inner: Sequence[Edge]) -> frozenset[str]:
        """Return the steps whose scatter is cut into shards."""
        if any(self._lengths.get(step, 1) is None for step in steps):
            return frozenset()
        scattered = [step for step in steps if step in self._lengths]
        chains = item_chains(scattered, inner)
        return frozenset(step for chain in chains if self._rules(chain) > self._sizing.max_rules for step in chain)

    def _rules(self, chain: Sequence[str]) -> int:
        items = self._lengths[chain[0]] or 0
        seconds = {step: seconds_of(self._tools[self._document.steps[step].run], {}) for step in chain}
        most = {step: most_items(seconds[step], items, 1, self._sizing.batch_seconds) for step in chain}
        return rules(aligned(most, self._sizing.max_rules), items)


def _plan(groups: Sequence[tuple[str, ...]], links: Collection[Edge], pool_of: Mapping[str, str]) -> Plan:
    stage_of = {step: steps[0] for steps in groups for step in steps}
    needs: dict[str, list[str]] = {steps[0]: [] for steps in groups}
    for edge in links:
        first, then = stage_of[edge.producer], stage_of[edge.consumer]
        if first != then and first not in needs[then]:
            needs[then].append(first)
    by_id = {steps[0]: steps for steps in groups}
    return Plan(tuple(Stage(id, pool_of[id], by_id[id], tuple(needs[id])) for id in ordered(needs)))
