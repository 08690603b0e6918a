"""Cuts the items of a stage that are to be run into batches and shards."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lmsvc.planning.batches import Sizing, aligned, most_items, rules, shard_items


@dataclass(frozen=True)
class Chain:
    """Steps whose items follow each other: item i of one takes from item i of another."""

    steps: tuple[str, ...]
    missing: Mapping[str, Sequence[int]]
    """By step the items to be run, ascending."""

    @property
    def items(self) -> list[int]:
        """The items to be run of at least one step."""
        return sorted(set[int]().union(*self.missing.values()))


@dataclass(frozen=True)
class Batch:
    """Items of one step for one task."""

    step: str
    number: int
    """Among all batches of the step in this attempt; equal ranges of a chain's steps have equal numbers."""
    items: tuple[int, ...]
    shard: int


def cut(chain: Chain, seconds: Mapping[str, float], slots: int, sizing: Sizing, *, in_shards: bool) -> Iterator[Batch]:
    """Cut a chain into batches, by ranges of the items that are missing in any of its steps.

    Args:
        chain: the steps and their missing items.
        seconds: predicted seconds per item, by step.
        slots: slots that share the work.
        sizing: bounds of batches and shards.
        in_shards: whether it may be cut into shards.
    """
    items = chain.items
    sizes = batch_sizes(chain.steps, len(items), seconds, slots, sizing)
    per_shard = shard_items(sizes, len(items), sizing.max_rules) if in_shards else max(1, len(items))
    for step in chain.steps:
        wanted = frozenset(chain.missing[step])
        for number, start in enumerate(range(0, len(items), sizes[step])):
            batch = tuple(item for item in items[start : start + sizes[step]] if item in wanted)
            if batch:
                yield Batch(step, number, batch, start // per_shard)


def batch_sizes(
    steps: Sequence[str], items: int, seconds: Mapping[str, float], slots: int, sizing: Sizing
) -> dict[str, int]:
    """Return how many items of each step of a chain one task has at most."""
    most = {step: most_items(seconds[step], items, slots, sizing.batch_seconds) for step in steps}
    return aligned(most, sizing.max_rules)


def count_tasks(
    steps: Sequence[str], items: int, seconds: Mapping[str, float], slots: int, sizing: Sizing
) -> dict[str, int]:
    """Return how many tasks so many items of each step of a chain become."""
    sizes = batch_sizes(steps, items, seconds, slots, sizing)
    return {step: rules({step: size}, items) for step, size in sizes.items()}
