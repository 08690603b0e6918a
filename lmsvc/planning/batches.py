"""How many items go into one task, and which."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from lmsvc.jobs.tools import Tool


@dataclass(frozen=True)
class Sizing:
    """What decides how items become tasks, and tasks Makeflows."""

    batch_seconds: float = 5.0
    """Predicted seconds of work in one task, at most (one item may take longer)."""
    max_rules: int = 400
    """Rules of one Makeflow before a scatter is cut into shards."""


def most_items(seconds_per_item: float, items: int, slots: int, batch_seconds: float) -> int:
    """Return how many items of a step one task may have: not too long a task, and work for every slot."""
    share = math.ceil(items / max(1, slots))
    wanted = share if seconds_per_item * share <= batch_seconds else int(batch_seconds / seconds_per_item)
    return max(1, min(wanted, share))


def aligned(most: Mapping[str, int], max_rules: int) -> dict[str, int]:
    """Choose batch sizes for steps whose items follow each other.

    Each size divides every larger one, so that two batches either have all items of the smaller in common or none:
    a task then depends on as few others as can be.

    Args:
        most: the largest size by step.
        max_rules: the ranges of the largest size must fit into so many tasks.
    """
    sizes: dict[str, int] = {}
    smallest = previous = min(most.values())
    for step in sorted(most, key=lambda name: most[name]):
        size = min(most[step], max(smallest, smallest * (max_rules // len(most))))
        previous = sizes[step] = size - size % previous
    return {step: sizes[step] for step in most}


def rules(sizes: Mapping[str, int], items: int) -> int:
    """Return into how many tasks so many items of each step are cut."""
    return sum(math.ceil(items / size) for size in sizes.values())


def shard_items(sizes: Mapping[str, int], items: int, max_rules: int) -> int:
    """Return how many items one shard has: a multiple of every batch size, all shards about equally long."""
    widest = max(sizes.values())
    if rules(sizes, items) <= max_rules:
        return max(1, items)
    per_range = sum(widest // size for size in sizes.values())
    ranges = math.ceil(items / widest)
    shards = math.ceil(ranges / max(1, max_rules // per_range))
    return math.ceil(ranges / shards) * widest


def seconds_of(tool: Tool, measured: Mapping[str, float]) -> float:
    """Return the seconds that one item of a tool is thought to take."""
    return max(measured.get(tool.id, tool.resources.seconds_per_item), 1e-6)
