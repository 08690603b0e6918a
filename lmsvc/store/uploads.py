"""Uploaded files."""

from peewee import fn

from lmsvc.jobs.states import JobState, is_terminal
from lmsvc.store.base import Part
from lmsvc.store.database import Session
from lmsvc.store.models import Jobs, JobUploads, Uploads
from lmsvc.store.records import Upload

_COLUMNS = [getattr(Uploads, name) for name in Upload.__dataclass_fields__]
_LIVE = [state for state in JobState if not is_terminal(state)]


class UploadStore(Part):
    """Uploads."""

    def add_upload(self, upload: Upload) -> Upload:
        """Store an upload; return it as stored: the same content keeps the name it first came with."""
        with self._database.writing() as session:
            session.change(Uploads.insert(vars(upload)).on_conflict_ignore())
            return _read(session, upload.id) or upload

    def upload(self, upload_id: str) -> Upload | None:
        """Return an upload."""
        with self._database.reading() as session:
            return _read(session, upload_id)

    def delete_upload(self, upload_id: str) -> bool:
        """Forget an upload; False while a job that has not ended uses it. True means it is not, or no longer, there."""
        users = JobUploads.select(fn.COUNT(Jobs.seq)).join(Jobs, on=Jobs.id == JobUploads.job_id)
        users = users.where((JobUploads.upload_id == upload_id) & Jobs.state.in_(_LIVE))
        mine = Uploads.id == upload_id
        with self._database.writing() as session:
            session.all(session.locked(Uploads.select(Uploads.id).where(mine)))
            if session.number(users):
                return False
            session.change(Uploads.delete().where(mine))
            return True


def _read(session: Session, upload_id: str) -> Upload | None:
    row = session.one(Uploads.select(*_COLUMNS).where(Uploads.id == upload_id))
    return Upload(**row) if row else None
