"""Expiry: when results go, who was warned, what is forgotten."""

import pytest

from lmsvc.jobs.states import JobState
from lmsvc.store import Store
from lmsvc.store.errors import StoreError
from lmsvc.store.records import JobHead, OutputFile
from lmsvc.store.retention import is_removed
from tests.store.make import claim, end, submit

DAY = 86_400.0
END = 20.0
"""When `ended` jobs ended."""
FILE = OutputFile("a/b/c.csv", "a", "b", None, None, 5, "0" * 64)


def ended(store: Store, user: str = "ada", state: JobState = JobState.SUCCEEDED) -> str:
    """Submit a job and end it; return its id."""
    job_id = submit(store, user)
    claim(store)
    end(store, job_id, state, END)
    return job_id


def head(store: Store, job_id: str) -> JobHead:
    """Return a job that is there."""
    found = store.head(job_id)
    assert found is not None
    return found


def test_results_expire_so_long_after_the_end(store: Store) -> None:
    """Only jobs that ended, and only those of the user."""
    mine, other, waiting = ended(store), ended(store, "ben"), submit(store)
    assert store.keep_for("ada", 30 * DAY, 7 * DAY) == 1
    assert [head(store, job).expires for job in (mine, other, waiting)] == [END + 30 * DAY, None, None]
    assert store.keep_for("ada", 30 * DAY, 7 * DAY + 60) == 0
    assert store.owners() == ("ada", "ben")


def test_a_new_policy_never_takes_the_warning_away(store: Store) -> None:
    """Results that are older than a new policy allows are kept until the earliest time, which stays the same then."""
    job = ended(store)
    store.keep_for("ada", 10 * DAY, 107 * DAY)
    store.keep_for("ada", 10 * DAY, 108 * DAY)
    assert head(store, job).expires == 107 * DAY


@pytest.mark.parametrize(("days", "expires"), [(60, END + 60 * DAY), (5, 17 * DAY), (None, None)])
def test_a_changed_policy_holds_for_old_results(store: Store, days: int | None, expires: float | None) -> None:
    """Longer, shorter and for ever all take effect, and who was warned of another day is warned again."""
    job = ended(store)
    store.keep_for("ada", 30 * DAY, 7 * DAY)
    store.warn(job, END + 30 * DAY, 10 * DAY)
    store.keep_for("ada", None if days is None else days * DAY, 17 * DAY)
    assert (head(store, job).expires, head(store, job).expiry_warned) == (expires, False)


def test_an_owner_is_warned_once(store: Store) -> None:
    """A job is to be warned of until it was; that is an event."""
    job = ended(store)
    store.keep_for("ada", 30 * DAY, 7 * DAY)
    assert store.to_warn(END + 30 * DAY - 1) == ()
    assert [it.id for it in store.to_warn(END + 30 * DAY)] == [job]
    assert store.warn(job, END + 30 * DAY, 25 * DAY)
    assert not store.warn(job, END + 30 * DAY, 25 * DAY)
    assert store.to_warn(END + 30 * DAY) == ()
    assert store.events(job)[-1].kind == "expiring"


def test_removed_results_are_forgotten_and_the_job_stays(store: Store) -> None:
    """Outputs and bytes are gone, the document is not, and nothing is to be warned of or removed any more."""
    job = ended(store)
    store.save_outputs(job, [FILE])
    store.set_package_bytes(job, 5)
    store.set_expiry(job, 10 * DAY, warned=True)
    called: list[str] = []
    assert not store.remove_results(job, 9 * DAY, lambda: called.append("early"))
    assert [it.id for it in store.to_remove(11 * DAY)] == [job]
    assert store.remove_results(job, 11 * DAY, lambda: called.append("due"))
    assert called == ["due"]
    assert is_removed(head(store, job))
    assert (store.outputs(job), store.package_bytes("ada"), store.to_remove(99 * DAY)) == ((), 0, ())
    assert (store.owners(), store.unmeasured(), store.keep_for("ada", 5 * DAY, 99 * DAY)) == ((), (), 0)
    assert store.job(job) is not None


def test_nothing_is_forgotten_when_the_files_stay(store: Store) -> None:
    """An error while the files are put away keeps everything for another try."""

    def fail() -> None:
        raise OSError("read-only")

    job = ended(store)
    store.save_outputs(job, [FILE])
    store.set_expiry(job, 10 * DAY, warned=True)
    with pytest.raises(StoreError, match="read-only"):
        store.remove_results(job, 11 * DAY, fail)
    assert len(store.outputs(job)) == 1
    assert [it.id for it in store.to_remove(11 * DAY)] == [job]


def test_a_job_that_runs_again_keeps_everything(store: Store) -> None:
    """A retry between the look and the removal wins: nothing is removed, and its expiry begins anew."""
    job = ended(store, state=JobState.FAILED)
    store.set_expiry(job, 10 * DAY, warned=True)
    assert store.retry(job, 11 * DAY)
    assert not store.remove_results(job, 11 * DAY, lambda: None)
    assert (head(store, job).expires, head(store, job).expiry_warned) == (None, False)


def test_what_is_gone_cannot_be_retried(store: Store) -> None:
    """A failed job whose results were removed is not queued again: nothing is left to go on from."""
    job = ended(store, state=JobState.FAILED)
    store.set_expiry(job, 10 * DAY, warned=True)
    store.remove_results(job, 11 * DAY, lambda: None)
    assert not store.retry(job, 12 * DAY)


def test_jobs_of_unknown_size_are_found(store: Store) -> None:
    """A job is to be measured once it has ended, until it was."""
    job = ended(store)
    submit(store, "ben")
    assert store.unmeasured() == (job,)
    store.set_package_bytes(job, 0)
    assert store.unmeasured() == ()
