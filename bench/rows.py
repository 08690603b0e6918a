"""One line of the table: what was measured, what was promised, and whether that holds."""

from dataclasses import dataclass
from enum import StrEnum

from bench.samples import Samples


class Statistic(StrEnum):
    """Which figure of a row a promise is about."""

    MEDIAN = "median"
    WORST = "worst"
    P99 = "p99"
    RATIO = "ratio"


class Verdict(StrEnum):
    """What became of a promise."""

    MET = "met"
    MISSED = "MISSED"
    NOT_MEASURED = "NOT MEASURED"
    NONE = ""


@dataclass(frozen=True)
class Promise:
    """A bound on one figure."""

    statistic: Statistic
    bound: float
    at_least: bool = False

    def holds(self, value: float) -> bool:
        """Return whether a value keeps the promise."""
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self) -> str:
        """Return it as the table shows it."""
        return f"{self.statistic} {'≥' if self.at_least else '≤'} {self.bound:g}"


@dataclass(frozen=True)
class Row:
    """Something measured.

    Attributes:
        measure: name of the measure it belongs to, as for ``--only``.
        what: what was measured, for a reader of the table.
        unit: of the samples.
        samples: what came out; none where it could not be measured.
        promises: the budget; a row without any is there for comparison.
        ratio: the samples pair by pair over those of another row.
        ratio_to: which row that is.
        note: what a reader has to know as well.
    """

    measure: str
    what: str
    unit: str
    samples: Samples
    promises: tuple[Promise, ...] = ()
    ratio: Samples | None = None
    ratio_to: str = ""
    note: str = ""

    def figure(self, statistic: Statistic) -> float | None:
        """Return one figure, None where there is none."""
        if statistic is Statistic.RATIO:
            return self.ratio.median if self.ratio else None
        if not len(self.samples):
            return None
        if statistic is Statistic.P99:
            return self.samples.percentile(99)
        return self.samples.median if statistic is Statistic.MEDIAN else self.samples.worst

    @property
    def verdict(self) -> Verdict:
        """Whether every promise was kept."""
        if not self.promises:
            return Verdict.NONE
        pairs = [(promise, self.figure(promise.statistic)) for promise in self.promises]
        if any(value is None for _, value in pairs):
            return Verdict.NOT_MEASURED
        kept = all(promise.holds(value) for promise, value in pairs if value is not None)
        return Verdict.MET if kept else Verdict.MISSED


def at_most(statistic: Statistic, bound: float) -> Promise:
    """Return the promise that a figure is no larger than ``bound``."""
    return Promise(statistic, bound)


def at_least(statistic: Statistic, bound: float) -> Promise:
    """Return the promise that a figure is no smaller than ``bound``."""
    return Promise(statistic, bound, at_least=True)
