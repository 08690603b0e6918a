"""What can go wrong in the store, and how a driver's error becomes one of these."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import peewee
import psycopg

_SQLITE_FULL = "database or disk is full"
_POSTGRES_FULL = "53100"


class StoreError(Exception):
    """Any failure of the store."""


class StoreFull(StoreError):
    """The disk under the database is full; nothing of the call was kept. Free space, then try again."""


class StoreUnavailable(StoreError):
    """The database is locked for too long, unreachable or damaged; nothing of the call is known to be kept."""


class UnknownJob(StoreError, LookupError):
    """There is no job with this id."""


class UnknownUpload(StoreError, LookupError):
    """A new job names uploads that do not exist."""

    def __init__(self, ids: frozenset[str]) -> None:
        """Keep the ids for the message to the user."""
        super().__init__(f"no such upload: {', '.join(sorted(ids))}")
        self.ids = ids


class IdempotencyConflict(StoreError):
    """The Idempotency-Key was used before with another body."""


class TooManyJobs(StoreError):
    """As many jobs of a user wait or run as may."""


class BadCursor(StoreError, ValueError):
    """A page's cursor was not made by the store."""


class SchemaTooNew(StoreError):
    """A newer version of the program has already changed this database."""


def _translate(error: Exception) -> StoreError:
    message = str(error).strip()
    if isinstance(error, (peewee.IntegrityError, sqlite3.IntegrityError, psycopg.IntegrityError)):
        return UnknownJob(message) if "foreign key" in message.lower() else StoreError(message)
    if any(_says_full(one) for one in _with_context(error)):
        return StoreFull(message)
    return StoreUnavailable(message)


def _with_context(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and those it followed: rolling back a transaction that a full disk ended is an error too."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _says_full(error: BaseException) -> bool:
    return _SQLITE_FULL in str(error) or (isinstance(error, psycopg.Error) and error.sqlstate == _POSTGRES_FULL)


@contextmanager
def translated() -> Iterator[None]:
    """Turn the errors of peewee and of the drivers below it into those of this module."""
    try:
        yield
    except (peewee.PeeweeException, sqlite3.Error, psycopg.Error, OSError) as error:
        raise _translate(error) from error
