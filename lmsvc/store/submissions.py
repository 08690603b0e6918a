"""New jobs: stored wholly and once, or not at all."""

import secrets
from collections.abc import Iterator

from lmsvc.jobs.states import JobState
from lmsvc.store.base import Part
from lmsvc.store.database import Session
from lmsvc.store.errors import IdempotencyConflict, UnknownUpload
from lmsvc.store.models import (
    Documents,
    Events,
    IdempotencyKeys,
    Jobs,
    JobTags,
    JobUploads,
    UploadOwners,
    Uploads,
)
from lmsvc.store.records import Idempotency, IdempotentJob, JsonObject, NewJob, Submission
from lmsvc.store.room import require_room
from lmsvc.store.uploads import own

_ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_ID_LENGTH = 10


class SubmissionStore(Part):
    """Submission of jobs."""

    def submit(self, job: NewJob, idempotency: Idempotency | None, now: float) -> Submission:
        """Store a job as queued; when this returns, the job survives any crash.

        The same key with the same body gives the job of the first call, also from two processes at once.

        Raises:
            IdempotencyConflict: the user's key was used with another body.
            UnknownUpload: the document names uploads that do not exist, or are not its user's.
            TooManyJobs: as many of the user's jobs wait or run as may.
        """
        job_id = "".join(secrets.choice(_ID_ALPHABET) for _ in range(_ID_LENGTH))
        with self._database.writing() as session:
            if idempotency and not _take_key(session, job.user, idempotency, job_id, now):
                return _repeated(session, job.user, idempotency)
            _insert(session, job_id, job, now)
        return Submission(job_id, created=True)

    def idempotent_job(self, key: str, user: str) -> IdempotentJob | None:
        """Return what a user's key stands for, None if it was never used."""
        with self._database.reading() as session:
            return _read_key(session, user, key)

    def forget_keys(self, before: float) -> int:
        """Forget the keys used before a time; return how many."""
        with self._database.writing() as session:
            return session.change(IdempotencyKeys.delete().where(IdempotencyKeys.created < before))


def _take_key(session: Session, user: str, idempotency: Idempotency, job_id: str, now: float) -> bool:
    """Bind a key to a job; False if it is bound already (PostgreSQL waits here for a competing transaction)."""
    insert = IdempotencyKeys.insert(
        user=user, key=idempotency.key, body_sha256=idempotency.body_sha256, job_id=job_id, created=now
    )
    return session.change(insert.on_conflict_ignore()) == 1


def _repeated(session: Session, user: str, idempotency: Idempotency) -> Submission:
    stored = _read_key(session, user, idempotency.key)
    if stored is None or stored.body_sha256 != idempotency.body_sha256:
        raise IdempotencyConflict(f"the key {idempotency.key} was used before with another body")
    return Submission(stored.job_id, created=False)


def _read_key(session: Session, user: str, key: str) -> IdempotentJob | None:
    columns = (IdempotencyKeys.job_id, IdempotencyKeys.body_sha256, IdempotencyKeys.created)
    query = IdempotencyKeys.select(*columns).where((IdempotencyKeys.user == user) & (IdempotencyKeys.key == key))
    row = session.one(query)
    return IdempotentJob(**row) if row else None


def _insert(session: Session, job_id: str, job: NewJob, now: float) -> None:
    uploads = frozenset(upload_ids(job.document.get("inputs")))
    require_room(session, job.user, job.most_jobs)
    _require_uploads(session, uploads, job, now)
    session.change(Jobs.insert(_new_row(job_id, job, now)))
    session.change(Documents.insert(job_id=job_id, document=dict(job.document)))
    data = {"state": JobState.QUEUED, "attempt": 1}
    session.change(Events.insert(job_id=job_id, seq=1, time=now, kind="state", data=data))
    if job.tags:
        session.change(JobTags.insert_many([{"job_id": job_id, "tag": tag} for tag in set(job.tags)]))
    if uploads:
        session.change(JobUploads.insert_many([{"job_id": job_id, "upload_id": upload} for upload in uploads]))


def _new_row(job_id: str, job: NewJob, now: float) -> dict[str, object]:
    return {
        "id": job_id,
        "user": job.user,
        "name": job.name,
        "state": JobState.QUEUED,
        "attempt": 1,
        "small": job.small,
        "lane": False,
        "tags": list(job.tags),
        "total_tasks": job.total_tasks,
        "submitted": now,
        "cancel_requested": False,
        "last_event": 1,
        "expiry_warned": False,
        "notify": _object(job.notify),
        "template": _object(job.template),
    }


def _object(value: JsonObject | None) -> dict[str, object] | None:
    return None if value is None else dict(value)


def _require_uploads(session: Session, ids: frozenset[str], job: NewJob, now: float) -> None:
    """Hold the uploads until the transaction ends, so that none is deleted under the new job.

    With `any_uploads` those of other users become the submitter's too.
    """
    if not ids:
        return
    query = Uploads.select(Uploads.id, Uploads.name).where(Uploads.id.in_(list(ids))).order_by(Uploads.id)
    there = session.all(session.locked(query))
    if job.any_uploads:
        for row in there:
            own(session, row["id"], job.user, row["name"], now)
    mine = UploadOwners.select(UploadOwners.upload_id)
    mine = mine.where(UploadOwners.upload_id.in_(list(ids)) & (UploadOwners.user == job.user))
    missing = ids - {row["upload_id"] for row in session.all(mine)}
    if missing:
        raise UnknownUpload(missing)


def upload_ids(value: object) -> Iterator[str]:
    """Yield the ids of the uploads that a document's inputs name, however deep in lists and objects."""
    if isinstance(value, dict):
        if isinstance(value.get("upload"), str):
            yield value["upload"]
        value = [child for key, child in value.items() if key != "value"]
    if isinstance(value, list):
        for child in value:
            yield from upload_ids(child)
