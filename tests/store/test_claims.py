"""Claims: fair order, the lane for small jobs, leases and takeovers."""

from lmsvc.jobs.states import JobState
from lmsvc.store import Store
from tests.store.make import claim, drain, end, submit


def test_a_claimed_job_runs_under_a_lease(store: Store) -> None:
    """The claim shows in the job and in its events."""
    job_id = submit(store)
    job = claim(store, "c1", now=10.0)
    assert (job.id, job.state, job.started) == (job_id, JobState.RUNNING, 10.0)
    assert (job.lease_owner, job.lease_until, job.lane) == ("c1", 40.0, False)
    assert [event.data["state"] for event in store.events(job_id)] == ["queued", "running"]
    assert [head.id for head in store.held("c1")] == [job_id]


def test_an_empty_queue_gives_nothing(store: Store) -> None:
    """No job, no claim."""
    assert store.claim("c1", 1.0, 30.0, 8) is None


def test_users_take_turns(store: Store) -> None:
    """A user with many jobs does not hold up one with few; within a user, submission order."""
    ada = [submit(store, "ada") for _ in range(4)]
    bob = [submit(store, "bob") for _ in range(2)]
    cem = [submit(store, "cem")]
    assert drain(store) == [ada[0], bob[0], cem[0], ada[1], bob[1], ada[2], ada[3]]


def test_the_user_with_fewest_running_jobs_is_next(store: Store) -> None:
    """Who has a job running waits for those who have none, whoever submitted first."""
    submit(store, "ada")
    claim(store)
    later = submit(store, "ada")
    first = submit(store, "bob")
    assert drain(store) == [first, later]


def test_turns_outlast_the_jobs(store: Store) -> None:
    """With one job at a time, two users still take turns: who was served last is remembered."""
    ada = [submit(store, "ada") for _ in range(3)]
    bob = [submit(store, "bob") for _ in range(3)]
    order = []
    for _ in range(6):
        order.append(claim(store, max_running=1).id)
        end(store, order[-1])
    assert order == [ada[0], bob[0], ada[1], bob[1], ada[2], bob[2]]


def test_no_more_jobs_run_than_allowed(store: Store) -> None:
    """The bound counts all controllers' jobs; one that ends makes room."""
    for _ in range(3):
        submit(store)
    first = claim(store, "c1", max_running=2)
    claim(store, "c2", max_running=2)
    assert store.claim("c1", 10.0, 30.0, 2) is None
    end(store, first.id)
    assert store.claim("c1", 10.0, 30.0, 2) is not None


def test_one_small_job_runs_beyond_the_bound(store: Store) -> None:
    """The lane takes one small job at a time and no large one, and does not count against the bound."""
    large = [submit(store, "ada") for _ in range(3)]
    small = [submit(store, "ada", small=True) for _ in range(2)]
    running = claim(store, max_running=1)
    in_lane = claim(store, max_running=1)
    assert (running.id, running.lane, in_lane.id, in_lane.lane) == (large[0], False, small[0], True)
    assert store.claim("c1", 10.0, 30.0, 1) is None
    end(store, large[0])
    assert claim(store, max_running=1).id == large[1]
    end(store, in_lane.id)
    assert claim(store, max_running=1).id == small[1]


def test_a_small_job_uses_an_ordinary_place_first(store: Store) -> None:
    """The lane stays free while there is room."""
    submit(store, small=True)
    assert not claim(store, max_running=1).lane


def test_the_lane_is_fair_too(store: Store) -> None:
    """Among small jobs, users take turns."""
    submit(store, "big")
    claim(store, max_running=1)
    ada = [submit(store, "ada", small=True) for _ in range(2)]
    bob = submit(store, "bob", small=True)
    order = []
    for _ in range(3):
        order.append(claim(store, max_running=1).id)
        end(store, order[-1])
    assert order == [ada[0], bob, ada[1]]


def test_a_job_is_taken_over_only_when_its_lease_is_over(store: Store) -> None:
    """One moment earlier it is not; then the new owner has it and the old one knows."""
    job_id = submit(store)
    claim(store, "c1", now=10.0)
    assert store.claim("c2", 39.999, 30.0, 8) is None
    taken = claim(store, "c2", now=40.0)
    assert (taken.id, taken.lease_owner, taken.started, taken.attempt) == (job_id, "c2", 10.0, 1)
    assert store.renew("c1", 41.0, 30.0) == frozenset()
    assert not store.transition(job_id, JobState.FAILED, 41.0, expected=JobState.RUNNING, owner="c1")


def test_abandoned_jobs_come_before_queued_ones(store: Store) -> None:
    """A takeover needs no free place and goes before the queue."""
    first = submit(store)
    claim(store, "c1", now=10.0, max_running=1)
    submit(store)
    assert claim(store, "c2", now=100.0, max_running=1).id == first


def test_a_renewed_lease_is_kept(store: Store) -> None:
    """Renewal moves the end of the lease of all jobs held, and names them."""
    jobs = {submit(store) for _ in range(2)}
    for _ in jobs:
        claim(store, "c1", now=10.0)
    assert store.renew("c1", 35.0, 30.0) == jobs
    assert store.claim("c2", 64.9, 30.0, 8) is None
    assert store.claim("c2", 65.0, 30.0, 8) is not None


def test_a_late_renewal_holds_what_nobody_took(store: Store) -> None:
    """A lease that ran out unnoticed is still its owner's."""
    job_id = submit(store)
    claim(store, "c1", now=10.0)
    assert store.renew("c1", 100.0, 30.0) == {job_id}
    assert store.claim("c2", 129.0, 30.0, 8) is None


def test_a_released_job_can_be_taken_at_once(store: Store) -> None:
    """Only its owner can release it."""
    job_id = submit(store)
    claim(store, "c1", now=10.0)
    assert not store.release("c2", job_id)
    assert store.release("c1", job_id)
    assert claim(store, "c2", now=10.1).id == job_id


def test_all_claims_of_one_that_ended_are_given_up_at_once(store: Store) -> None:
    """Nobody else's are, nor is anything that has ended; the jobs go on as the attempt they were."""
    jobs = {submit(store) for _ in range(2)}
    for _ in jobs:
        claim(store, "c1", now=10.0)
    other = submit(store)
    assert claim(store, "c2", now=10.0).id == other
    assert store.release_all("c3") == frozenset()
    assert store.release_all("c1") == jobs
    assert [head.id for head in store.held("c2")] == [other]
    taken = {claim(store, "c4", now=10.1).id for _ in jobs}
    assert taken == jobs
    assert store.claim("c4", 10.2, 30.0, 8) is None


def test_a_retried_job_keeps_its_place(store: Store) -> None:
    """A retry goes to where the job was submitted, before younger jobs of its user."""
    first = submit(store)
    claim(store)
    end(store, first, JobState.FAILED)
    younger = submit(store)
    assert store.retry(first, 21.0)
    assert drain(store) == [first, younger]
