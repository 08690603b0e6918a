"""Changes of a job's state, each a compare-and-set with its event."""

from peewee import Expression, fn

from lmsvc.jobs.states import ALLOWED, ItemState, JobState, is_terminal
from lmsvc.store.base import HEAD, Part, read_job, to_head
from lmsvc.store.database import Row, Session
from lmsvc.store.events import add_event
from lmsvc.store.models import Items, Jobs, JobTags
from lmsvc.store.records import Job, JobHead, JsonObject
from lmsvc.store.retention import removed
from lmsvc.store.room import require_room

_TERMINAL = [state for state in JobState if is_terminal(state)]
_UNFINISHED = [ItemState.FAILED, ItemState.NOT_RUN]
_FRESH: Row = {
    "started": None,
    "ended": None,
    "waiting_reason": None,
    "cancel_requested": False,
    "lane": False,
    "error": None,
    "summary": None,
    "expires": None,
    "expiry_warned": False,
    "package_bytes": None,
}
_NO_LEASE: Row = {"lease_owner": None, "lease_until": None}


class ChangeStore(Part):
    """Changes of jobs."""

    def transition(
        self,
        job_id: str,
        to: JobState,
        now: float,
        *,
        expected: JobState,
        owner: str | None = None,
        error: JsonObject | None = None,
        summary: JsonObject | None = None,
    ) -> bool:
        """Move a job from one state to another; False if it is no longer in the expected state or not `owner`'s.

        Raises:
            ValueError: no job may ever go this way; `retry` goes back to queued, `claim` to running.
        """
        if to not in ALLOWED[expected] or not is_terminal(to):
            raise ValueError(f"a job cannot go from {expected} to {to}")
        changes = _ended(to, now) | _json("error", error) | _json("summary", summary)
        condition = Jobs.state == expected
        if owner is not None:
            condition = condition & (Jobs.lease_owner == owner)
        with self._database.writing() as session:
            return _move(session, job_id, condition, changes, now)

    def request_cancel(self, job_id: str, now: float) -> Job | None:
        """Cancel a queued job at once, ask a running one to stop, leave an ended one; return it as it is then."""
        with self._database.writing() as session:
            if not _move(session, job_id, Jobs.state == JobState.QUEUED, _ended(JobState.CANCELLED, now), now):
                asked = (Jobs.id == job_id) & (Jobs.state == JobState.RUNNING) & ~Jobs.cancel_requested
                if session.change(Jobs.update(cancel_requested=True).where(asked)):
                    add_event(session, job_id, "cancel_requested", {}, now)
            return read_job(session, job_id)

    def retry(self, job_id: str, now: float, most_jobs: int = 0) -> bool:
        """Queue an ended job again as its next attempt; False if it runs, waits, succeeded wholly or has expired.

        Raises:
            TooManyJobs: as many of its user's jobs wait or run as may; 0 is no bound.
        """
        unfinished = Items.select(Items.job_id).where((Items.job_id == job_id) & Items.state.in_(_UNFINISHED))
        succeeded = (Jobs.state == JobState.SUCCEEDED) & fn.EXISTS(unfinished)
        condition = (Jobs.state.in_([JobState.FAILED, JobState.CANCELLED]) | succeeded) & ~removed()
        changes = _FRESH | _NO_LEASE | {"state": JobState.QUEUED, "attempt": Jobs.attempt + 1}
        with self._database.writing() as session:
            row = session.one(Jobs.select(Jobs.user).where(Jobs.id == job_id))
            if row is not None:
                require_room(session, row["user"], most_jobs)
            return _move(session, job_id, condition, changes, now)

    def delete(self, job_id: str) -> bool:
        """Delete an ended job with all that is known of it; False if it has not ended or does not exist."""
        ended = (Jobs.id == job_id) & Jobs.state.in_(_TERMINAL)
        with self._database.writing() as session:
            return session.change(Jobs.delete().where(ended)) == 1

    def set_waiting(self, job_id: str, reason: str | None) -> bool:
        """Say why a job waits, or with None that it no longer does; True if that is news. Cheap when it is not."""
        with self._database.reading() as session:
            row = session.one(Jobs.select(Jobs.waiting_reason).where(Jobs.id == job_id))
        if row is None or row["waiting_reason"] == reason:
            return False
        with self._database.writing() as session:
            return session.change(Jobs.update(waiting_reason=reason).where(Jobs.id == job_id)) == 1

    def set_tags(self, job_id: str, tags: tuple[str, ...], now: float) -> bool:
        """Give a job other tags; False if there is no such job."""
        with self._database.writing() as session:
            if not session.change(Jobs.update(tags=list(tags)).where(Jobs.id == job_id)):
                return False
            session.change(JobTags.delete().where(JobTags.job_id == job_id))
            if tags:
                session.change(JobTags.insert_many([{"job_id": job_id, "tag": tag} for tag in set(tags)]))
            add_event(session, job_id, "tags", {"tags": list(tags)}, now)
            return True

    def held(self, owner: str) -> tuple[JobHead, ...]:
        """Return the running jobs that an owner holds."""
        mine = (Jobs.state == JobState.RUNNING) & (Jobs.lease_owner == owner)
        with self._database.reading() as session:
            return tuple(to_head(row) for row in session.all(Jobs.select(*HEAD).where(mine).order_by(Jobs.seq)))


def _ended(to: JobState, now: float) -> Row:
    return {"state": to, "ended": now, "waiting_reason": None} | _NO_LEASE


def _json(name: str, value: JsonObject | None) -> Row:
    return {} if value is None else {name: dict(value)}


def _move(session: Session, job_id: str, condition: Expression, changes: Row, now: float) -> bool:
    query = Jobs.update(changes).where((Jobs.id == job_id) & condition)
    row = session.one(query.returning(Jobs.state, Jobs.attempt))
    if row is None:
        return False
    add_event(session, job_id, "state", row, now)
    return True
