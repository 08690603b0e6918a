"""Links by which people without an account may read one job."""

from lmsvc.store.accounts_records import Share
from lmsvc.store.base import Part
from lmsvc.store.models import Shares

_COLUMNS = [getattr(Shares, name) for name in Share.__dataclass_fields__]


class ShareStore(Part):
    """Shared jobs."""

    def share(self, share: Share) -> Share:
        """Share a job; a link that is still good stays as it is but for when it expires.

        Raises:
            UnknownJob: there is no such job.
        """
        there = Shares.job_id == share.job_id
        with self._database.writing() as session:
            session.change(Shares.delete().where(there & (Shares.expires <= share.created)))
            insert = Shares.insert(vars(share))
            query = insert.on_conflict(conflict_target=[Shares.job_id], update={Shares.expires: share.expires})
            session.change(query)
            row = session.one(Shares.select(*_COLUMNS).where(there))
        return Share(**row) if row else share

    def share_by(self, secret: str, now: float) -> Share | None:
        """Return what a link gives, None where it gives nothing (any more)."""
        with self._database.reading() as session:
            row = session.one(Shares.select(*_COLUMNS).where((Shares.secret == secret) & (Shares.expires > now)))
        return Share(**row) if row else None

    def share_of(self, job_id: str, now: float) -> Share | None:
        """Return the link by which a job is shared, None where it is not."""
        with self._database.reading() as session:
            row = session.one(Shares.select(*_COLUMNS).where((Shares.job_id == job_id) & (Shares.expires > now)))
        return Share(**row) if row else None

    def unshare(self, job_id: str) -> bool:
        """Make the link of a job worthless; False if there is none."""
        with self._database.writing() as session:
            return session.change(Shares.delete().where(Shares.job_id == job_id)) > 0
