"""Uploaded files: each content once, with everybody who has it."""

from peewee import Expression, fn

from lmsvc.jobs.states import JobState, is_terminal
from lmsvc.store.base import Part
from lmsvc.store.database import Session
from lmsvc.store.models import Jobs, JobUploads, UploadOwners, Uploads
from lmsvc.store.records import Upload

_LIVE = [state for state in JobState if not is_terminal(state)]
OWNED = (
    Uploads.id,
    UploadOwners.name,
    Uploads.size,
    Uploads.sha256,
    UploadOwners.created,
    UploadOwners.user,
    UploadOwners.expires,
)


class UploadStore(Part):
    """Uploads."""

    def add_upload(self, upload: Upload) -> Upload:
        """Store a user's upload; return it as stored: the same content keeps the name its user first gave it."""
        content = {name: getattr(upload, name) for name in ("id", "name", "size", "sha256", "created")}
        with self._database.writing() as session:
            session.change(Uploads.insert(content).on_conflict_ignore())
            own(session, upload.id, upload.user, upload.name, upload.created)
            return _read(session, upload.id, upload.user) or upload

    def upload(self, upload_id: str, user: str | None = None) -> Upload | None:
        """Return an upload as a user has it, None where the user has none; without a user as its first owner has it."""
        with self._database.reading() as session:
            return _read(session, upload_id, user)

    def delete_upload(self, upload_id: str, user: str | None = None) -> bool:
        """Forget that a user has an upload, and the upload where nobody else has it; without a user, for everybody.

        False while a job that has not ended needs it. True means it is not, or no longer, there.
        """
        whose = UploadOwners.upload_id == upload_id
        with self._database.writing() as session:
            session.all(session.locked(Uploads.select(Uploads.id).where(Uploads.id == upload_id)))
            mine = whose if user is None else whose & (UploadOwners.user == user)
            stays = session.number(UploadOwners.select(fn.COUNT(UploadOwners.user)).where(whose & ~mine)) > 0
            if in_use(session, upload_id, user if stays else None):
                return False
            session.change(UploadOwners.delete().where(mine))
            if not stays:
                session.change(Uploads.delete().where(Uploads.id == upload_id))
            return True

    def upload_bytes(self, user: str) -> int:
        """Return how many bytes a user's uploads have."""
        sizes = Uploads.select(fn.SUM(Uploads.size)).join(UploadOwners, on=UploadOwners.upload_id == Uploads.id)
        with self._database.reading() as session:
            return session.number(sizes.where(UploadOwners.user == user))


def own(session: Session, upload_id: str, user: str, name: str, now: float) -> None:
    """Note that a user has an upload; where that is known, when it goes is thought about anew."""
    insert = UploadOwners.insert({"upload_id": upload_id, "user": user, "name": name, "created": now})
    key = [UploadOwners.upload_id, UploadOwners.user]
    session.change(insert.on_conflict(conflict_target=key, update={UploadOwners.expires: None}))


def in_use(session: Session, upload_id: str, user: str | None) -> bool:
    """Return whether a job that has not ended needs an upload: one of a user, or anybody's."""
    users = JobUploads.select(fn.COUNT(Jobs.seq)).join(Jobs, on=Jobs.id == JobUploads.job_id)
    users = users.where((JobUploads.upload_id == upload_id) & Jobs.state.in_(_LIVE))
    return session.number(users if user is None else users.where(Jobs.user == user)) > 0


def _read(session: Session, upload_id: str, user: str | None) -> Upload | None:
    wanted: Expression = Uploads.id == upload_id
    if user is not None:
        wanted = wanted & (UploadOwners.user == user)
    query = Uploads.select(*OWNED).join(UploadOwners, on=UploadOwners.upload_id == Uploads.id).where(wanted)
    row = session.one(query.order_by(UploadOwners.created, UploadOwners.user).limit(1))
    return Upload(**row) if row else None
