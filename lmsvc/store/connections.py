"""Connections to SQLite and PostgreSQL, kept for reuse so that a call costs no new one."""

import os
import random
import select
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, cast

import peewee
import psycopg

_PRAGMAS = (
    "synchronous=FULL",
    "foreign_keys=ON",
    "temp_store=MEMORY",
    "journal_size_limit=67108864",
)

_LOOK_AGAIN_SECONDS = (0.0002, 0.001)

PostgresConnection = psycopg.Connection[tuple[Any, ...]]


class _Closable(Protocol):
    def close(self) -> None: ...


C = TypeVar("C", bound=_Closable)


class Idle(Generic[C]):
    """The connections nobody uses just now. A forked child never touches its parent's."""

    def __init__(self, connect: Callable[[], C], reusable: Callable[[C], bool]) -> None:
        """Start empty; `connect` opens a connection, `reusable` says whether one is fit for another call."""
        self._connect = connect
        self._reusable = reusable
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._idle: list[C] = []
        self._inherited: list[C] = []  # a parent's: neither used nor closed

    def take(self) -> C:
        """Return a usable connection, an idle one if there is."""
        while (connection := self._pop()) is not None:
            if self._reusable(connection):
                return connection
            connection.close()
        return self._connect()

    def give(self, connection: C) -> None:
        """Keep a connection for the next call, or close it if it broke."""
        if not self._reusable(connection):
            connection.close()
            return
        with self._lock:
            self._idle.append(connection)

    def close(self) -> None:
        """Close every idle connection."""
        while (connection := self._pop()) is not None:
            connection.close()

    def _pop(self) -> C | None:
        with self._lock:
            if self._process != os.getpid():
                self._inherited += self._idle
                self._process, self._idle = os.getpid(), []
            return self._idle.pop() if self._idle else None


class Sqlite(peewee.SqliteDatabase):
    """One SQLite file, with a pool of connections."""

    def __init__(self, path: Path, busy_seconds: float) -> None:
        """Name the file; its directory is made when the first connection opens."""
        super().__init__(str(path), lock_type="IMMEDIATE")
        self.path = path
        self.busy_seconds = busy_seconds
        self.idle: Idle[sqlite3.Connection] = Idle(self._open, lambda connection: not connection.in_transaction)

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            self.path, timeout=self.busy_seconds, isolation_level=None, check_same_thread=False
        )
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def use_write_ahead_log(self) -> None:
        """Switch the file to WAL, waiting for others that do so: SQLite's busy timeout does not cover this."""
        connection = self.idle.take()
        try:
            deadline = time.monotonic() + self.busy_seconds
            while not _switched_to_wal(connection) and time.monotonic() < deadline:
                time.sleep(0.01)
        finally:
            self.idle.give(connection)

    def begin(self, lock_type: str | None = None) -> None:
        """Begin a transaction, looking every millisecond or less while another process writes.

        SQLite's own waiting sleeps up to 0.1 s between looks, so a process that writes without pause starves others.
        """
        self._set_busy_timeout(0)
        deadline = time.monotonic() + self.busy_seconds
        try:
            while not self._began(lock_type, last=time.monotonic() > deadline):
                time.sleep(random.uniform(*_LOOK_AGAIN_SECONDS))
        finally:
            self._set_busy_timeout(self.busy_seconds)

    def _began(self, lock_type: str | None, last: bool) -> bool:
        try:
            super().begin(lock_type)
        except peewee.OperationalError as error:
            if last or "locked" not in str(error):
                raise
            return False
        return True

    def _set_busy_timeout(self, seconds: float) -> None:
        cursor = cast(Callable[[], sqlite3.Cursor], self.cursor)()
        cursor.execute(f"PRAGMA busy_timeout={int(seconds * 1000)}")

    def _connect(self) -> sqlite3.Connection:
        return self.idle.take()

    def _close(self, connection: sqlite3.Connection) -> None:
        self.idle.give(connection)


class Postgres(peewee.PostgresqlDatabase):
    """One PostgreSQL database, with a pool of connections."""

    def __init__(self, url: str, busy_seconds: float) -> None:
        """Name the database by its URL, as libpq reads it."""
        super().__init__(url, prefer_psycopg3=True)
        self.url = url
        self.busy_seconds = busy_seconds
        self.idle: Idle[PostgresConnection] = Idle(self._open, _alive)

    def _open(self) -> PostgresConnection:
        connection = psycopg.connect(
            self.url,
            autocommit=True,
            application_name="lmsvc",
            connect_timeout=max(2, int(self.busy_seconds)),
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
        )
        connection.execute(f"SET lock_timeout = {int(self.busy_seconds * 1000)}")
        return connection

    def begin(self, isolation_level: str | None = None) -> None:
        """Begin a transaction, on a new connection if the server just ended the one at hand: nothing is lost yet."""
        try:
            super().begin(isolation_level)
        except peewee.OperationalError:
            self.close()
            self.idle.close()
            self.connect()
            super().begin(isolation_level)

    def _connect(self) -> PostgresConnection:
        return self.idle.take()

    def _close(self, connection: PostgresConnection) -> None:
        self.idle.give(connection)


def _switched_to_wal(connection: sqlite3.Connection) -> bool:
    try:
        return bool(connection.execute("PRAGMA journal_mode=WAL").fetchone() == ("wal",))
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise
        return False


def _alive(connection: PostgresConnection) -> bool:
    """Say whether a connection can serve a call: at rest, and nothing to read (a closing server sends its farewell)."""
    if connection.closed or connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
        return False
    readable, _, _ = select.select([connection.fileno()], [], [], 0)
    return not readable
