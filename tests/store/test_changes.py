"""Changes of state: only along the allowed moves, only from the expected state."""

from itertools import product

import pytest

from lmsvc.jobs.states import ALLOWED, ItemState, JobState, is_terminal
from lmsvc.store import Store
from lmsvc.store.records import ItemRecord, OutputFile, StepProgress, TaskRecord
from tests.store.make import claim, end, submit

ENDS = [state for state in JobState if is_terminal(state)]


def in_state(store: Store, state: JobState) -> str:
    """Bring a new job into a state."""
    job_id = submit(store)
    if state != JobState.QUEUED:
        claim(store)
    if is_terminal(state):
        end(store, job_id, state)
    return job_id


@pytest.mark.parametrize("to", ENDS)
def test_a_running_job_ends_with_what_became_of_it(store: Store, to: JobState) -> None:
    """Error, summary and time are kept, the lease is gone, an event tells."""
    job_id = in_state(store, JobState.RUNNING)
    store.set_waiting(job_id, "no slot")
    changed = store.transition(
        job_id, to, 20.0, expected=JobState.RUNNING, owner="c1", error={"step": "a"}, summary={"n": 1}
    )
    job = store.job(job_id)
    assert changed
    assert job is not None
    assert (job.state, job.ended, job.error, job.summary) == (to, 20.0, {"step": "a"}, {"n": 1})
    assert (job.lease_owner, job.lease_until, job.waiting_reason) == (None, None, None)
    last = store.events(job_id)[-1]
    assert (last.kind, last.data, last.time) == ("state", {"state": to, "attempt": 1}, 20.0)


@pytest.mark.parametrize(("start", "to"), [pair for pair in product(JobState, ENDS) if pair[1] not in ALLOWED[pair[0]]])
def test_a_move_that_is_not_allowed_never_happens(store: Store, start: JobState, to: JobState) -> None:
    """It is the caller's mistake, and refused whether or not the expectation is right."""
    job_id = in_state(store, start)
    with pytest.raises(ValueError, match="cannot go"):
        store.transition(job_id, to, 30.0, expected=start)
    if start != JobState.RUNNING:
        assert not store.transition(job_id, JobState.FAILED, 30.0, expected=JobState.RUNNING)
    head = store.head(job_id)
    assert head is not None
    assert head.state == start


def test_a_second_end_changes_nothing(store: Store) -> None:
    """The first one wins, and only it has an event."""
    job_id = in_state(store, JobState.RUNNING)
    assert store.transition(job_id, JobState.SUCCEEDED, 20.0, expected=JobState.RUNNING)
    assert not store.transition(job_id, JobState.FAILED, 21.0, expected=JobState.RUNNING)
    assert len(store.events(job_id)) == 3


def test_a_queued_job_is_cancelled_at_once(store: Store) -> None:
    """No controller is needed, and none gets it any more."""
    job = store.request_cancel(in_state(store, JobState.QUEUED), 5.0)
    assert job is not None
    assert (job.state, job.ended) == (JobState.CANCELLED, 5.0)
    assert store.claim("c1", 6.0, 30.0, 8) is None


def test_a_running_job_is_asked_once_to_stop(store: Store) -> None:
    """The flag is for its controller; asking again is no news."""
    job_id = in_state(store, JobState.RUNNING)
    for _ in range(2):
        job = store.request_cancel(job_id, 15.0)
        assert job is not None
        assert (job.state, job.cancel_requested) == (JobState.RUNNING, True)
    assert [event.kind for event in store.events(job_id)] == ["state", "state", "cancel_requested"]


@pytest.mark.parametrize("state", ENDS)
def test_cancelling_an_ended_job_changes_nothing(store: Store, state: JobState) -> None:
    """Terminal states do not change."""
    job_id = in_state(store, state)
    before = store.job(job_id)
    assert store.request_cancel(job_id, 30.0) == before


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.CANCELLED])
def test_a_retry_is_a_fresh_attempt(store: Store, state: JobState) -> None:
    """What the last attempt left in the job is gone, and its number is one higher."""
    job_id = in_state(store, JobState.RUNNING)
    store.request_cancel(job_id, 12.0)
    store.transition(job_id, state, 20.0, expected=JobState.RUNNING, error={"a": 1}, summary={"b": 1})
    assert store.retry(job_id, 30.0)
    job = store.job(job_id)
    assert job is not None
    assert (job.state, job.attempt, job.cancel_requested) == (JobState.QUEUED, 2, False)
    assert (job.started, job.ended, job.error, job.summary) == (None, None, None, None)
    assert store.events(job_id)[-1].data == {"state": "queued", "attempt": 2}


def test_a_job_that_succeeded_is_retried_only_for_failed_items(store: Store) -> None:
    """Skipped items are results; failed ones and those not run are not."""
    job_id = in_state(store, JobState.SUCCEEDED)
    store.record_items(job_id, [ItemRecord("model", 1, ItemState.SKIPPED)])
    assert not store.retry(job_id, 30.0)
    store.record_items(job_id, [ItemRecord("model", 2, ItemState.NOT_RUN)])
    assert store.retry(job_id, 30.0)


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.RUNNING])
def test_a_job_that_has_not_ended_is_neither_retried_nor_deleted(store: Store, state: JobState) -> None:
    """Both are for what is over."""
    job_id = in_state(store, state)
    assert not store.retry(job_id, 30.0)
    assert not store.delete(job_id)
    assert store.head(job_id) is not None


def test_a_deleted_job_leaves_nothing_and_others_alone(store: Store) -> None:
    """Everything that is known of it goes with it, nothing of another job."""
    jobs = [in_state(store, JobState.FAILED) for _ in range(2)]
    for job_id in jobs:
        store.save_steps(job_id, [StepProgress("a", "t", "c")])
        store.record_tasks(job_id, [TaskRecord("a.1.0000", "a", "a", 1, 1, "done")])
        store.record_items(job_id, [ItemRecord("a", 0, ItemState.FAILED)])
        store.save_outputs(job_id, [OutputFile("a/x", "a", "x", None, None, 1, "0" * 64)])
    assert (store.delete(jobs[0]), store.delete(jobs[0])) == (True, False)
    for job_id, left in zip(jobs, (0, 1), strict=True):
        rows = (store.steps(job_id), store.tasks(job_id).rows, store.items(job_id).rows, store.outputs(job_id))
        assert [len(found) for found in rows] == [left] * 4
        assert bool(store.events(job_id)) == bool(left)


def test_the_reason_to_wait_is_news_once(store: Store) -> None:
    """Saying the same again writes nothing; a claim clears it."""
    job_id = in_state(store, JobState.QUEUED)
    assert (store.set_waiting(job_id, "2nd"), store.set_waiting(job_id, "2nd")) == (True, False)
    head = store.head(job_id)
    assert head is not None
    assert head.waiting_reason == "2nd"
    assert claim(store).waiting_reason is None
    assert not store.set_waiting("nosuchjob2", "x")
