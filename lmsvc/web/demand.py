"""How much work of running jobs waits and runs in each pool."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from lmsvc.jobs.states import JobState
from lmsvc.store import Store
from lmsvc.store.records import JobFilter

MOST_JOBS = 1000


@dataclass(frozen=True)
class Demand:
    """Items of running jobs by pool."""

    waiting: Mapping[str, int]
    running: Mapping[str, int]


def demand(store: Store) -> Demand:
    """Return the demand as of now; running jobs are few, so their steps are simply added up."""
    waiting, running = Counter[str](), Counter[str]()
    for head in store.jobs(JobFilter(state=JobState.RUNNING), limit=MOST_JOBS).rows:
        for step in store.steps(head.id):
            waiting[step.pool or ""] += step.waiting
            running[step.pool or ""] += step.running
    return Demand(waiting, running)
