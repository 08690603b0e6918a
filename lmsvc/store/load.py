"""Who waits, who runs, who was served when: read for the rules of `fairness`."""

from peewee import fn

from lmsvc.jobs.states import JobState
from lmsvc.store.database import Session
from lmsvc.store.fairness import Load, Waiting
from lmsvc.store.models import Jobs, Turns


def read_load(session: Session, *, small_only: bool = False) -> Load:
    """Return the load by user; with `small_only`, only small jobs count as waiting."""
    queued = Jobs.select(Jobs.user, fn.COUNT(Jobs.seq).alias("jobs"), fn.MIN(Jobs.seq).alias("first"))
    queued = queued.where(Jobs.state == JobState.QUEUED)
    if small_only:
        queued = queued.where(Jobs.small)
    running = Jobs.select(Jobs.user, fn.COUNT(Jobs.seq).alias("jobs")).where(Jobs.state == JobState.RUNNING)
    return Load(
        {row["user"]: Waiting(row["jobs"], row["first"]) for row in session.all(queued.group_by(Jobs.user))},
        {row["user"]: row["jobs"] for row in session.all(running.group_by(Jobs.user))},
        {row["user"]: row["turn"] for row in session.all(Turns.select(Turns.user, Turns.turn))},
    )
