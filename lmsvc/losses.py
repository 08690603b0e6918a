"""Tasks that lost their worker: after a few times the task itself is taken for the cause, and is not run again."""

from collections.abc import Iterable, Mapping

LOSSES_TO_REFUSE = 3


def total(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Return how often each task lost its worker, from the counts of several slots or hosts."""
    losses: dict[str, int] = {}
    for counted in counts:
        for task, times in counted.items():
            losses[task] = losses.get(task, 0) + times
    return losses


def refused(losses: Mapping[str, int]) -> dict[str, str]:
    """Return the tasks that lost their worker too often, with the reason to give."""
    return {
        task: f"the task lost its worker {times} times; it may kill it or its host"
        for task, times in losses.items()
        if times >= LOSSES_TO_REFUSE
    }
