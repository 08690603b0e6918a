"""Controllers taking jobs: a claim is a lease, renewed while its owner lives."""

from peewee import fn

from lmsvc.jobs.states import JobState
from lmsvc.store.base import Part, read_job
from lmsvc.store.database import Session
from lmsvc.store.events import add_event
from lmsvc.store.fairness import next_user
from lmsvc.store.load import read_load
from lmsvc.store.models import Jobs, Turns
from lmsvc.store.records import Job

_CLAIM_LOCK = 0x636C61696D  # "claim"


class ClaimStore(Part):
    """Claims on jobs."""

    def claim(self, owner: str, now: float, lease_seconds: float, max_running: int) -> Job | None:
        """Take the next job for a controller, None when there is none it may take.

        First running jobs whose lease is over or given up, the oldest first. Then, while fewer than `max_running` jobs
        run, the next queued job in fair order (see `fairness`); beyond that one more, if it is small.
        """
        with self._database.writing() as session:
            session.serialise(_CLAIM_LOCK)
            job_id = _abandoned(session, now)
            if job_id is None:
                job_id = _start_next(session, now, max_running)
            if job_id is None:
                return None
            lease = {"lease_owner": owner, "lease_until": now + lease_seconds}
            session.change(Jobs.update(lease).where(Jobs.id == job_id))
            return read_job(session, job_id)

    def renew(self, owner: str, now: float, lease_seconds: float) -> frozenset[str]:
        """Extend an owner's leases; return the ids of the jobs it still holds (others were taken over or ended)."""
        held = (Jobs.state == JobState.RUNNING) & (Jobs.lease_owner == owner)
        with self._database.writing() as session:
            query = Jobs.update(lease_until=now + lease_seconds).where(held).returning(Jobs.id)
            return frozenset(row["id"] for row in session.all(query))

    def release(self, owner: str, job_id: str) -> bool:
        """Give a running job up, so that any controller may take it over at once; False if it was not held."""
        held = (Jobs.id == job_id) & (Jobs.state == JobState.RUNNING) & (Jobs.lease_owner == owner)
        with self._database.writing() as session:
            return session.change(Jobs.update(lease_owner=None, lease_until=None).where(held)) == 1

    def release_all(self, owner: str) -> frozenset[str]:
        """Give up all running jobs of an owner that has ended; return their ids."""
        held = (Jobs.state == JobState.RUNNING) & (Jobs.lease_owner == owner)
        query = Jobs.update(lease_owner=None, lease_until=None).where(held).returning(Jobs.id)
        with self._database.writing() as session:
            return frozenset(row["id"] for row in session.all(query))


def _abandoned(session: Session, now: float) -> str | None:
    lapsed = Jobs.lease_until.is_null() | (Jobs.lease_until <= now)
    query = Jobs.select(Jobs.id).where((Jobs.state == JobState.RUNNING) & lapsed).order_by(Jobs.seq).limit(1)
    row = session.one(session.locked(query))
    return row["id"] if row else None


def _start_next(session: Session, now: float, max_running: int) -> str | None:
    """Move the next queued job to running; try again if it was cancelled meanwhile."""
    lane = _running(session, lane=False) >= max_running
    if lane and _running(session, lane=True):
        return None
    while (job_id := _next_queued(session, lane)) is not None:
        if _start(session, job_id, lane, now):
            return job_id
    return None


def _running(session: Session, lane: bool) -> int:
    there = (Jobs.state == JobState.RUNNING) & (Jobs.lane == lane)
    return session.number(Jobs.select(fn.COUNT(Jobs.seq)).where(there))


def _next_queued(session: Session, lane: bool) -> str | None:
    load = read_load(session, small_only=lane)
    user = next_user(load)
    if user is None:
        return None
    row = session.one(Jobs.select(Jobs.id).where(Jobs.seq == load.waiting[user].first))
    return row["id"] if row else None


def _start(session: Session, job_id: str, lane: bool, now: float) -> bool:
    changes = {"state": JobState.RUNNING, "started": now, "lane": lane, "waiting_reason": None}
    queued = (Jobs.id == job_id) & (Jobs.state == JobState.QUEUED)
    row = session.one(Jobs.update(changes).where(queued).returning(Jobs.user, Jobs.attempt))
    if row is None:
        return False
    _take_turn(session, row["user"])
    add_event(session, job_id, "state", {"state": JobState.RUNNING, "attempt": row["attempt"]}, now)
    return True


def _take_turn(session: Session, user: str) -> None:
    turn = 1 + session.number(Turns.select(fn.MAX(Turns.turn)))
    session.upsert(Turns, [Turns.user], [{"user": user, "turn": turn}])
