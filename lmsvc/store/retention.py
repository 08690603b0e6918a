"""How long results are kept, and what they take."""

from collections.abc import Callable
from datetime import UTC, datetime

from peewee import Expression, fn

from lmsvc.jobs.states import JobState, is_terminal
from lmsvc.store.base import HEAD, Part, to_head
from lmsvc.store.events import add_event
from lmsvc.store.models import Jobs, Outputs
from lmsvc.store.records import JobHead

_ENDED = [state for state in JobState if is_terminal(state)]


def is_removed(job: JobHead) -> bool:
    """Return whether a job's results have expired and are gone: nothing is left to expire, and that was said."""
    return job.expires is None and job.expiry_warned


def removed() -> Expression:
    """Return the condition that a job's results are gone, see `is_removed`."""
    condition: Expression = Jobs.expires.is_null() & Jobs.expiry_warned
    return condition


def _kept() -> Expression:
    condition: Expression = Jobs.ended.is_null(False) & ~removed()
    return condition


class RetentionStore(Part):
    """Expiry of what jobs made."""

    def set_expiry(self, job_id: str, expires: float | None, *, warned: bool = False) -> bool:
        """Say when a job's results may go (None: never) and whether its owner knows; False if there is no such job."""
        change = Jobs.update(expires=expires, expiry_warned=warned).where(Jobs.id == job_id)
        with self._database.writing() as session:
            return session.change(change) == 1

    def owners(self) -> tuple[str, ...]:
        """Return the users of whom there are results."""
        query = Jobs.select(Jobs.user).where(_kept()).distinct().order_by(Jobs.user)
        with self._database.reading() as session:
            return tuple(row["user"] for row in session.all(query))

    def keep_for(self, user: str, seconds: float | None, earliest: float) -> int:
        """Let the results of a user's jobs expire so long after their end; return how many changed.

        Args:
            user: owner of the jobs.
            seconds: how long they are kept; None is for ever.
            earliest: epoch seconds before which nothing expires that has not been warned of.
        """
        mine = _kept() & (Jobs.user == user)
        with self._database.writing() as session:
            if seconds is None:
                forever = Jobs.update(expires=None, expiry_warned=False).where(mine & Jobs.expires.is_null(False))
                return session.change(forever)
            due = Jobs.ended + seconds
            new = Jobs.expires.is_null()
            later = Jobs.update(expires=due, expiry_warned=False)
            soon = Jobs.update(expires=earliest, expiry_warned=False)
            longer = Jobs.update(expires=due)
            return (
                session.change(later.where(mine & (due >= earliest) & (new | (Jobs.expires != due))))
                + session.change(soon.where(mine & (due < earliest) & (new | (Jobs.expires > earliest))))
                + session.change(longer.where(mine & (due < earliest) & (Jobs.expires < due)))
            )

    def to_warn(self, until: float, limit: int = 100) -> tuple[JobHead, ...]:
        """Return jobs whose results expire until a time and whose owner was not told, the first to go first."""
        return self._expiring((Jobs.expires <= until) & ~Jobs.expiry_warned, limit)

    def to_remove(self, now: float, limit: int = 100) -> tuple[JobHead, ...]:
        """Return jobs whose results are to go now, as their owner was told."""
        return self._expiring((Jobs.expires < now) & Jobs.expiry_warned, limit)

    def _expiring(self, condition: Expression, limit: int) -> tuple[JobHead, ...]:
        query = Jobs.select(*HEAD).where(condition & Jobs.state.in_(_ENDED))
        with self._database.reading() as session:
            rows = session.all(query.order_by(Jobs.expires, Jobs.seq).limit(limit))
        return tuple(to_head(row) for row in rows)

    def warn(self, job_id: str, expires: float, now: float) -> bool:
        """Note on a job that its results go at a time; False if it runs again or was warned of already."""
        condition = (Jobs.id == job_id) & Jobs.state.in_(_ENDED) & ~Jobs.expiry_warned
        with self._database.writing() as session:
            if not session.change(Jobs.update(expires=expires, expiry_warned=True).where(condition)):
                return False
            add_event(
                session,
                job_id,
                "expiring",
                {"expires": datetime.fromtimestamp(expires, UTC).isoformat(timespec="seconds")},
                now,
            )
            return True

    def remove_results(self, job_id: str, now: float, remove: Callable[[], None]) -> bool:
        """Forget a job's outputs, and have its files put away while nobody can begin the job again.

        Args:
            job_id: the job.
            now: epoch seconds.
            remove: puts the files away, quickly; where it raises, nothing is forgotten and this raises StoreError.

        Returns:
            False if they are not to go: kept longer, or the job runs again.
        """
        due = (Jobs.id == job_id) & Jobs.state.in_(_ENDED) & (Jobs.expires < now) & Jobs.expiry_warned
        gone = Jobs.update(expires=None, expiry_warned=True, package_bytes=0)
        with self._database.writing() as session:
            if not session.change(gone.where(due)):
                return False
            session.change(Outputs.delete().where(Outputs.job_id == job_id))
            add_event(session, job_id, "expired", {}, now)
            remove()
            return True

    def unmeasured(self, limit: int = 100) -> tuple[str, ...]:
        """Return ended jobs of which nobody has said what their results take."""
        query = Jobs.select(Jobs.id).where(_kept() & Jobs.package_bytes.is_null())
        with self._database.reading() as session:
            return tuple(row["id"] for row in session.all(query.order_by(Jobs.seq).limit(limit)))

    def set_package_bytes(self, job_id: str, size: int) -> bool:
        """Note how many bytes a job's results have on the disk; False if there is no such job."""
        with self._database.writing() as session:
            return session.change(Jobs.update(package_bytes=size).where(Jobs.id == job_id)) == 1

    def package_bytes(self, user: str) -> int:
        """Return how many bytes the results of a user's jobs have."""
        with self._database.reading() as session:
            return session.number(Jobs.select(fn.SUM(Jobs.package_bytes)).where(Jobs.user == user))
