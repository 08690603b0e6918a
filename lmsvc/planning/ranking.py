"""Takes what has the lowest rank again and again, while ranks change."""

from collections.abc import Callable, Iterable, Iterator
from heapq import heapify, heappop, heapreplace
from typing import Protocol, TypeVar

Rank = tuple[float, ...]


class Named(Protocol):
    """What has a name, that decides between equal ranks."""

    name: str


AnyNamed = TypeVar("AnyNamed", bound=Named)


def by_rank(
    things: Iterable[AnyNamed], rank: Callable[[AnyNamed], Rank | None], *, fresh: bool = False
) -> Iterator[tuple[AnyNamed, Rank]]:
    """Yield what has the lowest rank, and the rank, again and again, while ranks of yielded ones change.

    Args:
        things: all of them.
        rank: returns None for one that is not to be yielded any more; ranks never get lower.
        fresh: whether yielding one may change the ranks of others.
    """
    heap = [(found, thing.name, thing) for thing in things if (found := rank(thing)) is not None]
    heapify(heap)
    while heap:
        found, name, thing = heap[0]
        if fresh and (again := rank(thing)) != found:
            _replace(heap, again, name, thing)
            continue
        yield thing, found
        _replace(heap, rank(thing), name, thing)


def _replace(heap: list[tuple[Rank, str, AnyNamed]], rank: Rank | None, name: str, thing: AnyNamed) -> None:
    if rank is None:
        heappop(heap)
    else:
        heapreplace(heap, (rank, name, thing))
