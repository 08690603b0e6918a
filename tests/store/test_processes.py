"""Several processes and threads on one database."""

import multiprocessing
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from lmsvc.jobs.states import JobState
from lmsvc.store import Store
from tests.store.children import answer, race, release, start
from tests.store.make import claim, submit

PROCESSES = 4


def test_four_processes_claim_each_job_once(store: Store, database_url: str) -> None:
    """No job is claimed twice, none is left."""
    jobs = [submit(store, f"user {n % 7}") for n in range(200)]
    answers = race(database_url, *(("claim", f"controller {n}") for n in range(PROCESSES)))
    claims = [_ids(answer) for answer in answers]
    print("claimed by each:", [len(ids) for ids in claims])
    assert sorted(chain.from_iterable(claims)) == sorted(jobs)
    for number, ids in enumerate(claims):
        assert {head.id for head in store.held(f"controller {number}")} == set(ids)


def test_a_lapsed_lease_is_taken_over_by_one(store: Store, database_url: str) -> None:
    """Several controllers see the same abandoned jobs; each job gets one new owner."""
    jobs = [submit(store) for _ in range(20)]
    for _ in jobs:
        claim(store, "dead", now=-100.0)
    answers = race(database_url, *(("claim", f"controller {n}") for n in range(PROCESSES)))
    assert sorted(chain.from_iterable(_ids(answer) for answer in answers)) == sorted(jobs)


def test_the_same_keys_at_once_give_the_same_jobs(store: Store, database_url: str) -> None:
    """However requests with one key meet, there is one job, and all are told of it."""
    keys = 50
    first, *others = race(database_url, *[("submit_keys", str(keys))] * PROCESSES)
    assert len(set(_ids(first))) == keys
    assert others == [first] * (PROCESSES - 1)
    assert store.counts()[JobState.QUEUED] == keys


def test_a_job_ends_once(store: Store, database_url: str) -> None:
    """Of processes that end a job differently at once, one wins, and the job's only last event says so."""
    jobs = [submit(store) for _ in range(40)]
    for _ in jobs:
        claim(store)
    ends = ("succeeded", "failed", "cancelled")
    answers = race(database_url, *(("finish", end, *jobs) for end in ends))
    wins = {job_id: end for end, answer in zip(ends, answers, strict=True) for job_id in _ids(answer)}
    assert sum(len(_ids(answer)) for answer in answers) == len(jobs)
    for job_id in jobs:
        assert [event.data["state"] for event in store.events(job_id)] == ["queued", "running", wins[job_id]]


def test_a_submission_does_not_wait_for_a_bulk_write(store: Store, database_url: str) -> None:
    """While another process stores 50,000 items, each submission takes 0.2 s at most (bound: five times that)."""
    child = start("record_items", database_url, submit(store), "50000")
    release(child)
    times = []
    while child.poll() is None:
        started = time.perf_counter()
        submit(store)
        times.append(time.perf_counter() - started)
        time.sleep(0.01)
    print(f"{len(times)} submissions, the slowest took {max(times):.3f} s")
    assert answer(child) == 50_000
    assert max(times) < 0.2 * 5


def test_threads_share_a_store(store: Store) -> None:
    """Writers and readers of one process do not disturb each other; events of a job are numbered without gaps."""
    job_id = submit(store)

    def work(number: int) -> int:
        submit(store, f"user {number}")
        store.jobs()
        return store.append_event(job_id, "progress", {"n": number}, 2.0)

    with ThreadPoolExecutor(8) as pool:
        numbers = sorted(pool.map(work, range(100)))
    assert numbers == list(range(2, 102))
    assert store.counts()[JobState.QUEUED] == 101


def test_a_forked_child_uses_connections_of_its_own(store: Store) -> None:
    """A server that forks after opening the store (gunicorn's preload) does not share its connections."""
    submit(store)
    child = multiprocessing.get_context("fork").Process(target=submit, args=(store,))
    child.start()
    submit(store)
    child.join(60)
    submit(store)
    assert (child.exitcode, store.counts()[JobState.QUEUED]) == (0, 4)


def _ids(answer: object) -> list[str]:
    assert isinstance(answer, list)
    return answer
