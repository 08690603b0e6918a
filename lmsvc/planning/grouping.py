"""Groups steps so that few groups are left and no two of them wait for each other."""

from collections.abc import Iterable, Iterator, Sequence

Pair = tuple[str, str]
"""A step and one that uses its output."""


class _Groups:
    """Groups of steps as bit masks: bit i stands for the i-th step of the order."""

    def __init__(self, order: Sequence[str], joinable: Iterable[Pair], cut: Iterable[Pair]) -> None:
        self._order, self._rank = order, {name: number for number, name in enumerate(order)}
        self._members = [1 << number for number in range(len(order))]
        self._group = list(range(len(order)))
        self._cut, self._next = [0] * len(order), [0] * len(order)
        for first, then in cut:
            self._cut[self._rank[first]] |= 1 << self._rank[then]
        for first, then in (*joinable, *cut):
            self._next[self._rank[first]] |= 1 << self._rank[then]
        self._below = list(self._next)
        for number in reversed(range(len(order))):
            for other in _bits(self._next[number]):
                self._below[number] |= self._below[other]

    def join(self, first: str, then: str) -> bool:
        """Join the groups of two linked steps unless that would make groups wait for each other."""
        one, two = self._group[self._rank[first]], self._group[self._rank[then]]
        if one == two or self._cut[one] & self._members[two] or self._leads_around(one, two):
            return False
        self._merge(one, two)
        return True

    def _leads_around(self, one: int, two: int) -> bool:
        others = self._next[one] & ~self._members[one] & ~self._members[two]
        return any(self._below[self._group[other]] & self._members[two] for other in _bits(others))

    def _merge(self, one: int, two: int) -> None:
        for masks in (self._members, self._cut, self._next, self._below):
            masks[one] |= masks[two]
        for number in _bits(self._members[two]):
            self._group[number] = one
        reached = self._members[one] | self._below[one]
        for group in set(self._group):
            if self._below[group] & self._members[one]:
                self._below[group] |= reached

    def listed(self) -> list[tuple[str, ...]]:
        """Return the groups, each in the order of the steps, by their first step."""
        return [
            tuple(self._order[number] for number in _bits(self._members[group]))
            for group in sorted(set(self._group), key=lambda group: self._members[group] & -self._members[group])
        ]


def _bits(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def group(order: Sequence[str], joinable: Sequence[Pair], cut: Sequence[Pair]) -> list[tuple[str, ...]]:
    """Group steps along the links that allow it.

    Args:
        order: all steps, each after those it needs.
        joinable: linked steps that may be in one group.
        cut: linked steps that must not; a pair that is in both may not.

    Returns:
        The groups by their first step; no two of them that are linked could be joined without a circle.
    """
    groups = _Groups(order, joinable, cut)
    rank = {name: number for number, name in enumerate(order)}
    waiting = sorted(joinable, key=lambda pair: (rank[pair[1]], -rank[pair[0]]))
    while any([groups.join(first, then) for first, then in waiting]):
        pass
    return groups.listed()
