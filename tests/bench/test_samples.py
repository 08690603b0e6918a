"""Figures of repeated measurements."""

import pytest

from bench.samples import Samples, paired_ratios


def test_the_median_is_not_moved_by_one_slow_run() -> None:
    """One run of a hundred seconds changes the worst value and nothing else."""
    samples = Samples.of([1.0, 2.0, 100.0])
    assert (samples.median, samples.worst, samples.best, len(samples)) == (2.0, 100.0, 1.0, 3)


def test_the_worst_of_what_should_be_high_is_the_lowest() -> None:
    """For a rate the smallest value is the worst."""
    assert Samples.of([10.0, 30.0, 20.0], higher_is_better=True).worst == 10.0


@pytest.mark.parametrize(("percent", "value"), [(99, 99.0), (100, 100.0), (50, 50.0), (1, 1.0)])
def test_a_percentile_is_a_value_that_was_measured(percent: float, value: float) -> None:
    """The p-th percentile of 1 to 100 is p."""
    assert Samples.of(float(number) for number in range(100, 0, -1)).percentile(percent) == value


def test_ratios_are_taken_pair_by_pair() -> None:
    """A machine that becomes twice as slow between two pairs does not move the ratio."""
    assert paired_ratios([2.0, 4.0], [1.0, 2.0]).values == (2.0, 2.0)
    with pytest.raises(ValueError, match="shorter"):
        paired_ratios([1.0, 2.0], [1.0])
