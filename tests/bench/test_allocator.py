"""The allocator's measure."""

import os
from pathlib import Path

from bench.context import Bench, Options
from bench.measures import MEASURES


def test_every_kind_of_decision_is_timed_and_has_the_budget(tmp_path: Path) -> None:
    """Each row has its own name, three samples in a quick run, and its promise: 300 ms where all jobs are bound."""
    rows = list(MEASURES["allocator"](Bench(Options(quick=True, long=False, peers=False), tmp_path, dict(os.environ))))
    assert len({row.what for row in rows}) == len(rows) == 15
    for row in rows:
        bound = 300 if "all bound" in row.what else 100
        assert len(row.samples) == 3 and all(0 < value < 10_000 for value in row.samples.values)
        assert [(promise.bound, row.unit) for promise in row.promises] == [(bound, "ms")]
    assert sum("10 %" in row.what for row in rows) == 5
