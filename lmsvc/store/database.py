"""Transactions over either database, and the few ways a query is run in them."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

from peewee import EXCLUDED, BaseQuery, Field, Insert, Model, ModelSelect, chunked

from lmsvc.store.connections import Postgres, Sqlite
from lmsvc.store.errors import StoreError, StoreUnavailable, translated

M = TypeVar("M", bound=Model)
Row = dict[str, Any]
_BATCH = 1000
_PAUSE_SECONDS = 0.002  # longer than a waiting process takes to look again


class _Cursor(Protocol):
    """What the cursors of both drivers have."""

    description: Sequence[Any] | None

    def execute(self, sql: str, parameters: Sequence[Any], /) -> object: ...

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> object: ...

    def fetchall(self) -> list[tuple[Any, ...]]: ...


class Session:
    """A connection in use by one call."""

    def __init__(self, database: Sqlite | Postgres) -> None:
        """Use the connection that the calling thread has open."""
        self._database = database

    def all(self, query: BaseQuery) -> list[Row]:
        """Return every row of a query, or of the RETURNING of a change."""
        return [dict(row) for row in query.dicts().execute(self._database)]

    def one(self, query: BaseQuery) -> Row | None:
        """Return the first row, if there is one."""
        rows = self.all(query)
        return rows[0] if rows else None

    def number(self, query: BaseQuery) -> int:
        """Return the first column of the first row: a count, or 0 where there is none."""
        rows = list(query.tuples().execute(self._database))
        return int(rows[0][0] or 0) if rows else 0

    def change(self, query: BaseQuery) -> int:
        """Run an update, delete or insert; return how many rows it touched."""
        if isinstance(query, Insert):
            query = query.as_rowcount()
        return int(query.execute(self._database))

    def sql(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run a statement that peewee has no words for."""
        cursor = self._cursor()
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []

    def locked(self, query: "ModelSelect[M]") -> "ModelSelect[M]":
        """Return the query holding the rows it finds until the transaction ends; SQLite has one writer anyway."""
        return query if isinstance(self._database, Sqlite) else query.for_update()

    def serialise(self, lock: int) -> None:
        """Let one transaction at a time pass here; SQLite has one writer anyway."""
        if not isinstance(self._database, Sqlite):
            self.sql("SELECT pg_advisory_xact_lock(%s)", (lock,))

    def upsert(self, model: type[Model], key: Sequence[Field], rows: Iterable[Row]) -> None:
        """Insert rows, replacing those with the same key. All rows have the same columns."""
        for chunk in chunked(rows, _BATCH):
            fields = [getattr(model, name) for name in chunk[0]]
            values = [[field.db_value(row[field.name]) for field in fields] for row in chunk]
            self.repeat(_upsert(model, key, fields, values[0]), values)

    def repeat(self, query: BaseQuery, parameters: Iterable[Sequence[Any]]) -> None:
        """Run a query once per row of parameters, which stand in for its own."""
        sql, _ = query.bind(self._database).sql()
        self._cursor().executemany(sql, parameters)

    def _cursor(self) -> _Cursor:
        return cast(Callable[[], _Cursor], self._database.cursor)()


def _upsert(model: type[Model], key: Sequence[Field], fields: list[Any], row: list[Any]) -> BaseQuery:
    names = {field.name for field in key}
    changed = {field: getattr(EXCLUDED, field.column_name) for field in fields if field.name not in names}
    return model.insert_many([row], fields=fields).on_conflict(conflict_target=list(key), update=changed)


class Database:
    """One database: hands out sessions to any thread."""

    def __init__(self, url: str, busy_seconds: float) -> None:
        """Accept `sqlite:///PATH` (four slashes when PATH is absolute) or `postgresql://...`."""
        self._database = from_url(url, busy_seconds)
        self._writer = threading.Lock()

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite."""
        return isinstance(self._database, Sqlite)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session for single statements that change nothing."""
        with translated(), self._connected():
            yield Session(self._database)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Give a session that is one transaction: all of it is durable when the block ends, or nothing of it."""
        with self._only_writer(), translated(), self._connected(), self._database.atomic():
            yield Session(self._database)

    def upsert_in_batches(self, model: type[Model], key: Sequence[Field], rows: Iterable[Row]) -> None:
        """Insert or replace rows in batches, each a transaction, with pauses that let other writers in."""
        for batch in chunked(rows, _BATCH):
            with self.writing() as session:
                session.upsert(model, key, batch)
            time.sleep(_PAUSE_SECONDS)

    def prepare(self) -> None:
        """Set what a database file keeps for good: SQLite's write-ahead log."""
        if isinstance(self._database, Sqlite):
            with translated():
                self._database.use_write_ahead_log()

    def close(self) -> None:
        """Close the connections that no call is using."""
        self._database.idle.close()

    @contextmanager
    def _connected(self) -> Iterator[None]:
        self._database.connect()
        try:
            yield
        finally:
            self._database.close()

    @contextmanager
    def _only_writer(self) -> Iterator[None]:
        """Let threads queue here for SQLite's single writer: faster and fairer than its own polling."""
        if not self.is_sqlite:
            yield
            return
        if not self._writer.acquire(timeout=self._database.busy_seconds):
            raise StoreUnavailable("the database was busy for too long")
        try:
            yield
        finally:
            self._writer.release()


def from_url(url: str, busy_seconds: float) -> Sqlite | Postgres:
    """Return the database that a URL names, not yet connected.

    Raises:
        StoreError: it names none that can be used.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        return Sqlite(Path(rest[1:]), busy_seconds)
    if scheme in {"postgresql", "postgres"}:
        return Postgres(url, busy_seconds)
    raise StoreError(f"cannot use the database {url!r}: give sqlite:///PATH or postgresql://USER@HOST/NAME")
