"""Repeated measurements of one thing."""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Samples:
    """Some values, in the order they were measured.

    Attributes:
        values: in the unit the row names.
        higher_is_better: whether the worst value is the smallest.
    """

    values: tuple[float, ...]
    higher_is_better: bool = False

    @classmethod
    def of(cls, values: Iterable[float], *, higher_is_better: bool = False) -> "Samples":
        """Keep some values."""
        return cls(tuple(values), higher_is_better)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.values)

    @property
    def median(self) -> float:
        """The value in the middle, which one slow run does not move."""
        return statistics.median(self.values)

    @property
    def worst(self) -> float:
        """The largest value, or the smallest where more is better."""
        return min(self.values) if self.higher_is_better else max(self.values)

    @property
    def best(self) -> float:
        """The other end of the range."""
        return max(self.values) if self.higher_is_better else min(self.values)

    def percentile(self, percent: float) -> float:
        """Return the smallest value that at least ``percent`` of the values do not exceed (nearest rank)."""
        rank = max(1, math.ceil(percent / 100 * len(self.values)))
        return sorted(self.values)[rank - 1]


def paired_ratios(ours: Sequence[float], theirs: Sequence[float]) -> Samples:
    """Return ours over theirs, pair by pair, so that a machine that drifts does not move the ratio.

    Raises:
        ValueError: the two are not equally long.
    """
    return Samples.of(one / other for one, other in zip(ours, theirs, strict=True))
