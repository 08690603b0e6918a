"""How long uploads are kept: while a job uses them, and for as long as the results of their user."""

from collections.abc import Callable

from peewee import Expression, ModelSelect

from lmsvc.store.base import Part
from lmsvc.store.models import Jobs, JobUploads, UploadOwners, Uploads
from lmsvc.store.records import Upload
from lmsvc.store.retention import removed
from lmsvc.store.uploads import OWNED, in_use


class UploadExpiryStore(Part):
    """Expiry of uploads."""

    def upload_owners(self) -> tuple[str, ...]:
        """Return the users who have uploads."""
        with self._database.reading() as session:
            rows = session.all(UploadOwners.select(UploadOwners.user).distinct().order_by(UploadOwners.user))
        return tuple(row["user"] for row in rows)

    def keep_uploads_for(self, user: str, seconds: float | None, earliest: float) -> int:
        """Let a user's uploads expire so long after they came, but those that a job uses; return how many changed.

        A job uses what it names until it is deleted or its results have expired.

        Args:
            user: owner of the uploads.
            seconds: how long they are kept; None is for ever.
            earliest: epoch seconds before which nothing expires that could have been seen to expire only now.
        """
        mine, new = UploadOwners.user == user, UploadOwners.expires.is_null()
        never = UploadOwners.update(expires=None)
        with self._database.writing() as session:
            if seconds is None:
                return session.change(never.where(mine & ~new))
            used = UploadOwners.upload_id.in_(_used_by(user))
            free, due = mine & ~used, UploadOwners.created + seconds
            later, soon = UploadOwners.update(expires=due), UploadOwners.update(expires=earliest)
            return (
                session.change(never.where(mine & used & ~new))
                + session.change(later.where(free & (due >= earliest) & (new | (UploadOwners.expires != due))))
                + session.change(soon.where(free & (due < earliest) & (new | (UploadOwners.expires > earliest))))
                + session.change(later.where(free & (due < earliest) & (UploadOwners.expires < due)))
            )

    def uploads_to_remove(self, now: float, limit: int = 100) -> tuple[Upload, ...]:
        """Return uploads as their users have them that are to go now, the first to go first."""
        query = Uploads.select(*OWNED).join(UploadOwners, on=UploadOwners.upload_id == Uploads.id)
        query = query.where(UploadOwners.expires < now).order_by(UploadOwners.expires).limit(limit)
        with self._database.reading() as session:
            return tuple(Upload(**row) for row in session.all(query))

    def remove_upload(self, upload: Upload, now: float, remove: Callable[[], None]) -> bool:
        """Forget that a user has an upload; have its file removed where nobody has it any more.

        Args:
            upload: as the user has it.
            now: epoch seconds.
            remove: removes the file; where it raises, nothing is forgotten and this raises StoreError.

        Returns:
            False if it is not to go: kept longer, or a job uses it.
        """
        whose = UploadOwners.upload_id == upload.id
        used = UploadOwners.upload_id.in_(_used_by(upload.user))
        due: Expression = whose & (UploadOwners.user == upload.user) & (UploadOwners.expires < now) & ~used
        with self._database.writing() as session:
            session.all(session.locked(Uploads.select(Uploads.id).where(Uploads.id == upload.id)))
            if not session.change(UploadOwners.delete().where(due)):
                return False
            others = session.one(UploadOwners.select(UploadOwners.user).where(whose).limit(1))
            if others is None and not in_use(session, upload.id, None):
                session.change(Uploads.delete().where(Uploads.id == upload.id))
                remove()
            return True


def _used_by(user: str) -> "ModelSelect[JobUploads]":
    """Return the query for the uploads that jobs of a user name whose results are not gone."""
    named = JobUploads.select(JobUploads.upload_id).join(Jobs, on=Jobs.id == JobUploads.job_id)
    return named.where((Jobs.user == user) & ~removed())
