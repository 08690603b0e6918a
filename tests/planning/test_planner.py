"""The planner keeps its promises for any job (properties), and for jobs like those of researchers (examples)."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmsvc.planning.batches import Sizing
from tests.planning.runs import Run
from tests.planning.worlds import World, random_document

SIZINGS = st.builds(Sizing, st.sampled_from([0.005, 1.0, 2.0, 5.0, 100.0]), st.integers(1, 12))


@settings(max_examples=150)
@given(st.integers(0, 2**32), SIZINGS)
def test_any_job_runs_to_its_end_as_it_means(seed: int, sizing: Sizing) -> None:
    """Any job, with failures on the way, is planned by all rules, and each item reads what the document says."""
    Run(World(random_document(random.Random(seed)), seed), sizing).run()


@settings(max_examples=150)
@given(st.integers(0, 2**32), SIZINGS)
def test_a_retry_makes_any_job_what_it_would_have_been(seed: int, sizing: Sizing) -> None:
    """After a retry every output is what it would be had nothing failed, and what still holds is not run again."""
    run = Run(World(random_document(random.Random(seed)), seed), sizing)
    run.run()
    run.retry()
    run.run()
    assert not run.unkept()
    smooth = Run(World(run.world.document, seed, failing=0), sizing)
    smooth.run()
    assert _outputs(run.world) == _outputs(smooth.world)


def _outputs(world: World) -> dict[tuple[str, int], object]:
    return {
        (step, number): (item.state, item.output if item.state == "succeeded" else None)
        for step, items in world.items.items()
        for number, item in items.items()
    }


@pytest.mark.parametrize("failing", [0, 0.5])
def test_a_large_random_job_is_planned(failing: float) -> None:
    """Jobs of 30 steps with wide scatters keep the same rules."""
    for seed in range(3):
        document = random_document(random.Random(seed), most_steps=30, most_items=40)
        Run(World(document, seed, failing=failing), Sizing(5.0, 10)).run()
