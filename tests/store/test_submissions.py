"""Submission: wholly and once, or not at all."""

import pytest

from lmsvc.jobs.states import JobState
from lmsvc.store import Store, open_store
from lmsvc.store.errors import IdempotencyConflict, UnknownUpload
from lmsvc.store.records import Idempotency, NewJob, Submission
from lmsvc.store.submissions import upload_ids
from tests.store.make import DOCUMENT, UPLOAD, submit

HOSTILE = "a'; DROP TABLE jobs; -- $(reboot) \u00e4\u4e2d\U0001f33f % _ \\ %s ? \n"


def test_a_submitted_job_is_queued_as_it_was_given(store: Store) -> None:
    """What was submitted is what is read back, with a first event."""
    new = NewJob("ada", "Heuchera", DOCUMENT, total_tasks=7, small=True, tags=("a", "b"))
    job = store.job(store.submit(new, None, 5.0).job_id)
    assert job is not None
    assert (job.user, job.name, job.document, job.total_tasks, job.small) == ("ada", "Heuchera", DOCUMENT, 7, True)
    assert (job.state, job.tags, job.attempt, job.submitted) == (JobState.QUEUED, ("a", "b"), 1, 5.0)
    (event,) = store.events(job.id)
    assert (event.seq, event.kind, event.data) == (1, "state", {"state": "queued", "attempt": 1})


def test_a_job_id_is_ten_letters_of_base32(store: Store) -> None:
    """Ids are what the data directory and the pages expect."""
    job_id = submit(store)
    assert len(job_id) == 10
    assert set(job_id) <= set("abcdefghijklmnopqrstuvwxyz234567")


@pytest.mark.parametrize("text", [HOSTILE, "x" * 100_000, ""])
def test_any_text_comes_back_unchanged(store: Store, text: str) -> None:
    """No text of a user is ever read as a statement."""
    new = NewJob(text, text, {"name": text, text: [text]}, tags=(text,))
    job = store.job(store.submit(new, None, 1.0).job_id)
    assert job is not None
    assert (job.user, job.name, job.tags, job.document) == (text, text, (text,), {"name": text, text: [text]})


def test_what_no_database_can_hold_is_replaced(store: Store) -> None:
    """NUL and lone surrogates become U+FFFD in columns and stay as they are in documents."""
    bad = "a\x00b\ud800c"
    job = store.job(store.submit(NewJob("ada", bad, {"name": bad}), None, 1.0).job_id)
    assert job is not None
    assert (job.name, job.document["name"]) == ("a\ufffdb\ufffdc", bad)
    assert store.job(bad) is None


def test_the_same_key_and_body_give_the_same_job(store: Store) -> None:
    """A repeated request makes no second job."""
    first = store.submit(NewJob("ada", "x", DOCUMENT), Idempotency("k", "body"), 1.0)
    again = store.submit(NewJob("ada", "x", DOCUMENT), Idempotency("k", "body"), 2.0)
    assert (first.created, again) == (True, Submission(first.job_id, created=False))
    assert store.counts()[JobState.QUEUED] == 1


def test_the_same_key_after_a_restart_gives_the_same_job(database_url: str) -> None:
    """Keys are kept in the database, not in the process."""
    ids = []
    for _ in range(2):
        store = open_store(database_url)
        store.migrate()
        ids.append(submit(store, key="k"))
        store.close()
    assert ids[0] == ids[1]


def test_the_same_key_with_another_body_is_refused(store: Store) -> None:
    """A key stands for one body, and nothing is stored for the other."""
    submit(store, key="k")
    with pytest.raises(IdempotencyConflict):
        store.submit(NewJob("ada", "x", DOCUMENT), Idempotency("k", "other"), 1.0)
    assert store.counts()[JobState.QUEUED] == 1


def test_keys_of_two_users_do_not_meet(store: Store) -> None:
    """One user's key says nothing about another's."""
    assert submit(store, "ada", key="k") != submit(store, "bob", key="k")


def test_a_key_outlives_its_job_until_it_is_forgotten(store: Store) -> None:
    """A request repeated after the job was deleted does not run it again, until keys of that age are dropped."""
    job_id = submit(store, key="k")
    store.request_cancel(job_id, 2.0)
    store.delete(job_id)
    assert submit(store, key="k") == job_id
    stored = store.idempotent_job("k", "ada")
    assert stored is not None
    assert (stored.job_id, stored.body_sha256, stored.created) == (job_id, "body", 1.0)
    assert (store.forget_keys(before=1.0), store.forget_keys(before=1.5)) == (0, 1)
    assert store.idempotent_job("k", "ada") is None


def test_a_job_that_names_an_unknown_upload_is_refused_whole(store: Store) -> None:
    """Nothing of it is stored, its key neither."""
    document = {"inputs": {"points": [{"upload": UPLOAD.id}, {"upload": "f" * 32}]}}
    store.add_upload(UPLOAD)
    with pytest.raises(UnknownUpload) as refused:
        store.submit(NewJob("ada", "x", document), Idempotency("k", "body"), 1.0)
    assert refused.value.ids == {"f" * 32}
    assert store.counts()[JobState.QUEUED] == 0
    assert store.idempotent_job("k", "ada") is None


def test_upload_ids_are_found_in_inputs_but_not_in_values() -> None:
    """A value that looks like an upload is only a value."""
    inputs = {"a": {"upload": "1"}, "b": [{"upload": "2", "label": "x"}], "c": {"value": {"upload": "3"}}, "d": 4}
    assert set(upload_ids(inputs)) == {"1", "2"}
