"""What happened to a job, in order."""

from lmsvc.store.base import Part
from lmsvc.store.database import Session
from lmsvc.store.errors import UnknownJob
from lmsvc.store.models import Events, Jobs
from lmsvc.store.records import Event, JsonObject


class EventStore(Part):
    """Events of jobs."""

    def append_event(self, job_id: str, kind: str, data: JsonObject, now: float) -> int:
        """Add an event; return its number, counted from 1 in each job without gaps.

        Raises:
            UnknownJob: there is no such job.
        """
        with self._database.writing() as session:
            return add_event(session, job_id, kind, data, now)

    def events(self, job_id: str, after: int = 0, limit: int = 1000) -> tuple[Event, ...]:
        """Return the events after a number, oldest first. A reader that goes on from the last one misses none."""
        fields = (Events.seq, Events.time, Events.kind, Events.data)
        query = Events.select(*fields).where((Events.job_id == job_id) & (Events.seq > after))
        with self._database.reading() as session:
            return tuple(Event(**row) for row in session.all(query.order_by(Events.seq).limit(limit)))


def add_event(session: Session, job_id: str, kind: str, data: JsonObject, now: float) -> int:
    """Add an event in a transaction of the caller's. The job's row is locked, so numbers appear in order."""
    counted = Jobs.update(last_event=Jobs.last_event + 1).where(Jobs.id == job_id).returning(Jobs.last_event)
    row = session.one(counted)
    if row is None:
        raise UnknownJob(f"no such job: {job_id}")
    seq = int(row["last_event"])
    session.change(Events.insert(job_id=job_id, seq=seq, time=now, kind=kind, data=dict(data)))
    return seq
