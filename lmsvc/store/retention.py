"""How long results are kept, and what they take."""

from peewee import fn

from lmsvc.jobs.states import JobState, is_terminal
from lmsvc.store.base import HEAD, Part, to_head
from lmsvc.store.models import Jobs
from lmsvc.store.records import JobHead

_ENDED = [state for state in JobState if is_terminal(state)]


class RetentionStore(Part):
    """Expiry of jobs that ended."""

    def set_expiry(self, job_id: str, expires: float | None, *, warned: bool = False) -> bool:
        """Say when a job's results may go (None: never) and whether its owner knows; False if there is no such job."""
        change = Jobs.update(expires=expires, expiry_warned=warned).where(Jobs.id == job_id)
        with self._database.writing() as session:
            return session.change(change) == 1

    def expiring(self, before: float, *, unwarned_only: bool = False, limit: int = 100) -> tuple[JobHead, ...]:
        """Return ended jobs that expire before a time, the first to go first."""
        query = Jobs.select(*HEAD).where((Jobs.expires < before) & Jobs.state.in_(_ENDED))
        if unwarned_only:
            query = query.where(~Jobs.expiry_warned)
        with self._database.reading() as session:
            rows = session.all(query.order_by(Jobs.expires, Jobs.seq).limit(limit))
        return tuple(to_head(row) for row in rows)

    def set_package_bytes(self, job_id: str, size: int) -> bool:
        """Note how many bytes a job's package has; False if there is no such job."""
        with self._database.writing() as session:
            return session.change(Jobs.update(package_bytes=size).where(Jobs.id == job_id)) == 1

    def package_bytes(self, user: str) -> int:
        """Return how many bytes the packages of a user's jobs have."""
        with self._database.reading() as session:
            return session.number(Jobs.select(fn.SUM(Jobs.package_bytes)).where(Jobs.user == user))
