"""Looking at jobs: pages, filters, counts, places in the queue."""

import time
from collections.abc import Callable

import pytest

from lmsvc.jobs.states import JobState
from lmsvc.store import Store
from lmsvc.store.errors import BadCursor
from lmsvc.store.records import JobFilter, NewJob
from tests.store.make import DOCUMENT, claim, drain, end, submit


def test_a_job_that_is_not_there_is_none(store: Store) -> None:
    """Unknown ids are no error."""
    assert (store.job("nosuchjob2"), store.head("nosuchjob2"), store.queue_position("nosuchjob2")) == (None, None, None)
    assert store.request_cancel("nosuchjob2", 1.0) is None


def test_a_head_is_the_job_without_its_document(store: Store) -> None:
    """Head and job say the same."""
    job_id = submit(store)
    head, job = store.head(job_id), store.job(job_id)
    assert head is not None
    assert job is not None
    assert vars(job) == vars(head) | {"document": DOCUMENT}


def test_pages_give_every_job_once_newest_first(store: Store) -> None:
    """Following the cursors meets each job once, also when new ones arrive in between."""
    submitted = [submit(store, name=f"job {n}") for n in range(7)]
    seen, cursor = [], None
    while True:
        page = store.jobs(JobFilter(), cursor, 3)
        seen += [head.id for head in page.rows]
        submit(store, name="newer")
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == submitted[::-1]


@pytest.mark.parametrize("cursor", ["", "x", "-1", "1.5", "9" * 30, "\u0663", "1; DROP TABLE jobs"])
def test_a_made_up_cursor_is_refused(store: Store, cursor: str) -> None:
    """Cursors come from strangers."""
    with pytest.raises(BadCursor):
        store.jobs(JobFilter(), cursor, 3)
    with pytest.raises(BadCursor):
        store.items("nosuchjob2", cursor=cursor)


def test_filters_narrow_the_list(store: Store) -> None:
    """User, state, tag and text each narrow it, together and alone."""
    wanted = store.submit(NewJob("ada", "Heuchera 100%", DOCUMENT, tags=("pam", "2024")), None, 1.0).job_id
    other = store.submit(NewJob("bob", "Quercus", DOCUMENT, tags=("pa",)), None, 1.0).job_id
    store.request_cancel(other, 2.0)

    def found(**filters: str) -> set[str]:
        state = JobState(filters.pop("state")) if "state" in filters else None
        return {head.id for head in store.jobs(JobFilter(state=state, **filters)).rows}

    assert found() == {wanted, other}
    assert found(user="ada") == found(tag="pam") == found(state="queued") == found(text="0%") == {wanted}
    assert found(user="ada", tag="pam", state="queued", text="heuch") == found(text=wanted) == {wanted}
    assert found(text="ad") == found(text="202") == found(text=wanted[:6]) == {wanted}
    assert found(user="ada", tag="pa") == found(text="_") == found(tag="pa%") == set()


def test_counts_name_every_state(store: Store) -> None:
    """States without jobs count zero."""
    submit(store)
    end(store, (submit(store, "bob"), claim(store).id)[1])
    expected = {state: 0 for state in JobState} | {JobState.QUEUED: 1, JobState.SUCCEEDED: 1}
    assert dict(store.counts()) == expected


def test_queue_positions_are_the_order_of_service(store: Store) -> None:
    """Positions of all queued jobs, with unequal loads and turns, are the order in which they are then claimed."""
    for user, jobs in {"ada": 3, "bob": 1, "cem": 2}.items():
        for _ in range(jobs):
            submit(store, user)
    for _ in range(3):
        claim(store)
    for user in ("bob", "dot", "ada", "dot", "cem", "bob", "eve"):
        submit(store, user)
    queued = [head.id for head in store.jobs(JobFilter(state=JobState.QUEUED)).rows]
    positions = {store.queue_position(job_id): job_id for job_id in queued}
    assert {place: job_id for job_id, place in store.queue_positions([*queued, "nosuchjob2"]).items()} == positions
    assert sorted(position for position in positions if position) == list(range(1, len(queued) + 1))
    assert [positions[place + 1] for place in range(len(queued))] == drain(store)


def test_only_queued_jobs_have_a_place(store: Store) -> None:
    """A job that runs is not in the queue."""
    job_id = submit(store)
    claim(store)
    assert store.queue_position(job_id) is None


@pytest.mark.slow
@pytest.mark.full
def test_ten_thousand_queued_jobs_are_quick(store: Store) -> None:
    """Submission, status, places and claims stay quick in a long queue (bounds are five times the target)."""
    jobs = 10_000
    started = time.perf_counter()
    ids = [submit(store, f"user {n % 20}", key=f"key {n}") for n in range(jobs)]
    rate = jobs / (time.perf_counter() - started)
    status = _milliseconds(lambda n: store.job(ids[n * 37]))
    place = _milliseconds(lambda n: store.queue_position(ids[n * 37]))
    claimed = _milliseconds(lambda n: claim(store))
    print(f"submit {rate:.0f}/s, job {status:.2f} ms, queue position {place:.2f} ms, claim {claimed:.2f} ms")
    assert rate >= 300 / 5
    assert status < 2 * 5
    assert place < 10 * 5
    assert claimed < 20 * 5


def _milliseconds(call: Callable[[int], object], calls: int = 100) -> float:
    started = time.perf_counter()
    for n in range(calls):
        call(n)
    return (time.perf_counter() - started) / calls * 1000
