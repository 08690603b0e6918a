"""What is done of a job, and what a retry does again."""

from pathlib import Path
from typing import Any

from lmsvc.controller.results import Forget, JobResults
from lmsvc.controller.verdict import failed_step, must_stop, summary
from lmsvc.jobs.document import JobDocument
from lmsvc.jobs.states import ItemState
from lmsvc.worker.step_runner import write_bundle

DOCUMENT: dict[str, Any] = {
    "name": "test",
    "inputs": {"seeds": {"value": [1, 2, 3]}},
    "steps": {
        "draw": {"run": "t", "scatter": "x", "in": {"x": "inputs/seeds"}},
        "shape": {"run": "t", "scatter": "x", "in": {"x": "draw/out"}},
        "gather": {"run": "t", "in": {"x": "shape/out"}},
        "other": {"run": "t", "in": {"x": {"value": 1}}},
    },
    "outputs": ["gather/out"],
}


def document(**changes: object) -> JobDocument:
    """Return the test document with some fields changed."""
    return JobDocument.model_validate({**DOCUMENT, **changes})


def status(step: str, generation: int, states: dict[int, str]) -> dict[str, Any]:
    """Return a bundle's status with items in some states."""
    items = [
        {"index": index, "label": None, "state": state, "reason": None, "outputs": {"out": [1, 2]}}
        for index, state in states.items()
    ]
    return {"format": 1, "task": f"{step}.{generation}.0000", "step": step, "items": items}


def filled(forget: Forget, *statuses: dict[str, Any]) -> JobResults:
    """Return results with some bundles taken in."""
    results = JobResults(forget)
    for each in statuses:
        results.add(each, f"{each['task']}.tar")
    for step, length in (("draw", 3), ("shape", 3), ("gather", None), ("other", None)):
        results.set_length(step, length)
    return results


FIRST = (
    status("draw", 1, {0: "succeeded", 1: "failed", 2: "succeeded"}),
    status("shape", 1, {0: "succeeded", 1: "not_run", 2: "skipped"}),
    status("gather", 1, {0: "succeeded"}),
    status("other", 1, {0: "succeeded"}),
)


def test_a_later_attempt_replaces_an_earlier_one() -> None:
    """The result of the newest attempt counts, in whatever order bundles are read."""
    old, new = status("draw", 1, {0: "failed"}), status("draw", 2, {0: "succeeded"})
    assert filled(Forget(), old, new).count("draw", ItemState.SUCCEEDED) == 1
    assert filled(Forget(), new, old).count("draw", ItemState.SUCCEEDED) == 1


RETRY = Forget(unfinished=1, steps={"gather": 1})


def test_a_retry_forgets_failures_and_what_was_gathered_from_them() -> None:
    """A retry keeps succeeded and skipped items but not those of a step it is to do again as a whole."""
    results = filled(RETRY, *FIRST)
    assert sorted(results.items("draw")) == [0, 2]
    assert sorted(results.items("shape")) == [0, 2]
    assert sorted(results.items("gather")) == []
    assert sorted(results.items("other")) == [0]


def test_results_of_the_retry_itself_count() -> None:
    """What fails again in the retry's own attempt is not forgotten."""
    results = filled(RETRY, *FIRST, status("draw", 2, {1: "failed"}))
    assert results.count("draw", ItemState.FAILED) == 1
    assert results.complete("draw")


def test_forget_survives_a_restart(tmp_path: Path) -> None:
    """What a retry forgets is kept on disk."""
    forget = Forget(unfinished=3, steps={"gather": 3})
    forget.save(tmp_path / "retry-2.json")
    assert Forget.load(tmp_path / "retry-2.json") == forget
    assert Forget.load(tmp_path / "absent.json") == Forget()


def test_bundles_are_the_truth_after_a_restart(tmp_path: Path) -> None:
    """Loading a directory of bundles gives what taking them in one by one gave."""
    for each in FIRST:
        write_bundle(tmp_path / f"{each['task']}.tar", each, {})
    results = JobResults(Forget())
    results.load(tmp_path)
    assert results.count("draw", ItemState.SUCCEEDED) == 2
    assert {result["task"] for result in results.statuses(tmp_path)} == {each["task"] for each in FIRST}


def test_the_planner_sees_lengths_of_arrays() -> None:
    """Array outputs are known to the planner by their length."""
    step = filled(Forget(), *FIRST).steps()["draw"]
    assert step.length == 3
    assert step.arrays["out", 0] == 2
    assert step.complete


def test_failed_items_of_a_scatter_do_not_fail_a_job() -> None:
    """A job with some items left succeeds, and its summary counts the others."""
    results = filled(Forget(), *FIRST)
    assert failed_step(document(), results) is None
    assert summary(document(), results) == {"succeeded": 5, "failed": 1, "skipped": 1, "not_run": 1}


def test_the_policy_stop_ends_a_job_at_the_first_failure() -> None:
    """With `on_item_failure: stop` one failed item fails the job."""
    results = filled(Forget(), *FIRST)
    assert must_stop(document(on_item_failure="stop"), results)
    assert failed_step(document(on_item_failure="stop"), results) == "draw"
    assert not must_stop(document(), results)


def test_a_failed_single_step_fails_its_job() -> None:
    """A step that is not scattered, or of which nothing is left, decides."""
    results = filled(Forget(), *FIRST[:3], status("other", 1, {0: "failed"}))
    assert failed_step(document(), results) == "other"
    nothing = filled(Forget(), status("draw", 1, {0: "failed", 1: "failed", 2: "failed"}))
    assert failed_step(document(), nothing) == "draw"
