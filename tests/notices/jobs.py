"""Jobs to tell of."""

from lmsvc.jobs.states import JobState
from lmsvc.store import Store
from lmsvc.store.records import JobHead, NewJob
from tests.store.make import DOCUMENT, claim


def ended(
    store: Store, notify: dict[str, str], *, now: float, state: JobState = JobState.SUCCEEDED, name: str = "Heuchera"
) -> JobHead:
    """Submit a job that tells somebody, and end it."""
    job_id = store.submit(NewJob("ada", name, DOCUMENT, notify=notify), None, now - 90.0).job_id
    claim(store, now=now - 61.0)
    error = {"reason": "exit code 1"} if state is JobState.FAILED else None
    summary = {"items": {"succeeded": 3, "failed": 0, "skipped": 1, "not_run": 0}}
    assert store.transition(job_id, state, now, expected=JobState.RUNNING, error=error, summary=summary)
    head = store.head(job_id)
    assert head is not None
    return head
