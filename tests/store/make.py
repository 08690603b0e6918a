"""Short ways to make what tests put into a store."""

from lmsvc.jobs.states import JobState
from lmsvc.store import Store
from lmsvc.store.records import Idempotency, Job, NewJob, Upload

DOCUMENT = {"name": "Heuchera", "inputs": {}, "steps": {"split": {"run": "split_occurrence_data", "in": {}}}}
UPLOAD = Upload("0" * 32, "points.csv", 5, "0" * 64, 1.0, "ada")


def submit(
    store: Store, user: str = "ada", name: str = "Heuchera", *, small: bool = False, key: str | None = None
) -> str:
    """Submit a job at time 1; return its id."""
    idempotency = Idempotency(key, "body") if key else None
    return store.submit(NewJob(user, name, DOCUMENT, small=small), idempotency, 1.0).job_id


def claim(store: Store, owner: str = "c1", now: float = 10.0, max_running: int = 1000) -> Job:
    """Claim a job for 30 s; there must be one."""
    job = store.claim(owner, now, 30.0, max_running)
    assert job is not None
    return job


def end(store: Store, job_id: str, to: JobState = JobState.SUCCEEDED, now: float = 20.0) -> None:
    """End a running job."""
    assert store.transition(job_id, to, now, expected=JobState.RUNNING)


def drain(store: Store, now: float = 10.0) -> list[str]:
    """Claim jobs until there is none; return their ids in order."""
    claimed = []
    while (job := store.claim("c1", now, 1e9, 10**6)) is not None:
        claimed.append(job.id)
    return claimed
