"""When a task counts as the cause of its worker's end."""

from lmsvc.losses import LOSSES_TO_REFUSE, refused, total
from lmsvc.worker.step_runner import MOST_LOSSES


def test_losses_of_several_slots_are_one_count() -> None:
    """A task that lost a worker here and one there has lost two."""
    assert total([{"p/1": 1, "p/2": 1}, {"p/1": 1}, {}]) == {"p/1": 2, "p/2": 1}


def test_a_task_is_refused_from_the_third_loss_on() -> None:
    """Below the limit a task runs again; from there on it is refused, with the number in the reason."""
    found = refused({"p/1": LOSSES_TO_REFUSE - 1, "p/2": LOSSES_TO_REFUSE, "p/3": LOSSES_TO_REFUSE + 1})
    assert found.keys() == {"p/2", "p/3"}
    assert "lost its worker 3 times" in found["p/2"]


def test_step_runners_count_to_the_same_number() -> None:
    """The step runner, which travels alone, refuses after as many losses on its host as controllers do over all."""
    assert MOST_LOSSES == LOSSES_TO_REFUSE
