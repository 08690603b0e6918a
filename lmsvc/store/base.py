"""What every part of the store shares: its database, rows of jobs as records, cursors of pages."""

from typing import Any

from peewee import ModelSelect

from lmsvc.jobs.states import JobState
from lmsvc.store.database import Database, Row, Session
from lmsvc.store.errors import BadCursor
from lmsvc.store.models import Documents, Jobs
from lmsvc.store.records import Job, JobHead

HEAD: tuple[Any, ...] = tuple(getattr(Jobs, name) for name in JobHead.__dataclass_fields__)
_MAX_DIGITS = 18


class Part:
    """A part of the store: methods over one database, each of them one transaction."""

    def __init__(self, database: Database) -> None:
        """Use this database."""
        self._database = database


def full_jobs() -> "ModelSelect[Jobs]":
    """Return the query for jobs with their documents."""
    return Jobs.select(*HEAD, Documents.document).join(Documents, on=Documents.job_id == Jobs.id)


def read_job(session: Session, job_id: str) -> Job | None:
    """Return a job with its document."""
    row = session.one(full_jobs().where(Jobs.id == job_id))
    return Job(**_converted(row)) if row else None


def to_head(row: Row) -> JobHead:
    """Return a row of the `HEAD` columns as a record."""
    return JobHead(**_converted(row))


def _converted(row: Row) -> Row:
    return row | {"state": JobState(row["state"]), "tags": tuple(row["tags"])}


def cursor_number(cursor: str) -> int:
    """Return the number that a page's cursor holds.

    Raises:
        BadCursor: it holds none.
    """
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= _MAX_DIGITS):
        raise BadCursor("this cursor was not made by this service: start without one")
    return int(cursor)
