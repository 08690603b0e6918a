"""Random kills under a mixed load, and a checker over the whole history."""

from pathlib import Path

import pytest

from tests.chaos.run import fault_run

pytestmark = [pytest.mark.cctools, pytest.mark.slow]


def test_no_invariant_breaks_under_random_kills(tmp_path: Path) -> None:
    """A short fault run leaves every acknowledged job right and ended."""
    history, found = fault_run(tmp_path, seed=1, jobs=20)
    print(f"kills: {[(round(when, 1), victim) for when, victim in history.kills]}")
    assert not found


@pytest.mark.full
@pytest.mark.parametrize("seed", range(2, 13))
def test_no_invariant_breaks_in_longer_fault_runs(tmp_path: Path, seed: int) -> None:
    """Longer fault runs with other seeds."""
    history, found = fault_run(tmp_path, seed, jobs=60)
    print(f"seed {seed}, kills: {[(round(when, 1), victim) for when, victim in history.kills]}")
    assert not found
