"""The schema: applied once, wholly, by whoever comes first; equal to what the queries expect."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from peewee import Model

from lmsvc.jobs.states import JobState
from lmsvc.store import open_store
from lmsvc.store.connections import Postgres, Sqlite
from lmsvc.store.database import Database, from_url
from lmsvc.store.errors import SchemaTooNew, StoreError
from lmsvc.store.migrations import migrate
from lmsvc.store.models import ALL
from lmsvc.store.schema import MIGRATIONS
from tests.store.children import race
from tests.store.make import UPLOAD, submit


def run(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Run a statement past the store."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        rows = connection.execute(statement).fetchall()
        connection.close()
        return rows
    with psycopg.connect(url, autocommit=True) as postgres:
        cursor = postgres.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def test_the_schema_is_applied_once(database_url: str) -> None:
    """A second start finds it done."""
    with closing(open_store(database_url)) as store:
        assert (store.migrate(), store.migrate()) == (len(MIGRATIONS), 0)


def test_processes_that_start_at_once_apply_it_once(database_url: str) -> None:
    """One of them does it, the others wait and find it done."""
    answers = race(database_url, *[("migrate",)] * 4)
    assert sorted(answers, key=str) == [0, 0, 0, len(MIGRATIONS)]


def test_a_later_change_keeps_the_data(database_url: str) -> None:
    """The next numbered change is applied to a database in use."""
    with closing(open_store(database_url)) as store:
        store.migrate()
        submit(store)
        later = [*MIGRATIONS, ("ALTER TABLE jobs ADD COLUMN colour $text",)]
        with closing(Database(database_url, 10.0)) as database:
            assert migrate(database, later) == 1
        assert run(database_url, "SELECT colour FROM jobs") == [(None,)]
        assert store.counts()[JobState.QUEUED] == 1


def test_jobs_and_uploads_of_one_user_stay_that_users(database_url: str) -> None:
    """A database from before there were users: the owner of its jobs has its uploads, and its jobs never expire."""
    with closing(Database(database_url, 10.0)) as database:
        assert migrate(database, MIGRATIONS[:1]) == 1
    columns = 'seq, id, "user", name, state, attempt, small, lane, tags, submitted, cancel_requested, last_event'
    values = "1, 'j', 'lab', 'n', 'queued', 1, FALSE, FALSE, '[]', 1, FALSE, 0"
    run(database_url, f"INSERT INTO jobs ({columns}) VALUES ({values})")
    run(database_url, f"INSERT INTO uploads VALUES ('{UPLOAD.id}', 'a.csv', 5, '{UPLOAD.sha256}', 1.0)")
    with closing(open_store(database_url)) as store:
        assert store.migrate() == len(MIGRATIONS) - 1
        assert store.upload(UPLOAD.id, "lab") == replace(UPLOAD, name="a.csv", user="lab")
        assert store.upload(UPLOAD.id, "ada") is None
        head = store.head("j")
        assert head is not None
        assert (head.user, head.expires, head.expiry_warned, head.notify) == ("lab", None, False, None)


def test_a_change_that_fails_leaves_nothing(database_url: str) -> None:
    """All changes are one transaction, so a failed upgrade can be tried again."""
    broken = [*MIGRATIONS, ("CREATE TABLE half (a $text)", "THIS IS NO SQL")]
    with closing(Database(database_url, 10.0)) as database, pytest.raises(StoreError):
        migrate(database, broken)
    with closing(open_store(database_url)) as store:
        assert store.migrate() == len(MIGRATIONS)


def test_a_newer_schema_is_left_alone(database_url: str) -> None:
    """An older program refuses to work on what it does not know."""
    with closing(open_store(database_url)) as store:
        store.migrate()
        run(database_url, f"INSERT INTO schema_version VALUES ({len(MIGRATIONS) + 1}, 0)")
        with pytest.raises(SchemaTooNew, match="run the newer program"):
            store.migrate()


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.__name__)
def test_the_models_are_the_tables(database_url: str, model: type[Model]) -> None:
    """Every column of every table is known to the queries, with the same right to be empty."""
    with closing(open_store(database_url)) as store:
        store.migrate()
    expected = {name: field.null for name, field in model._meta.fields.items() if name != "seq"}
    assert _columns(from_url(database_url, 10.0), model) == expected


def _columns(database: Sqlite | Postgres, model: type[Model]) -> dict[str, bool]:
    with database.connection_context():
        columns = database.get_columns(model._meta.table_name)
    database.idle.close()
    return {column.name: column.null for column in columns if column.name != "seq"}


def test_sqlite_is_set_for_durability(sqlite_url: str) -> None:
    """The file keeps a write-ahead log, and every connection waits for the disk and checks references."""
    with closing(open_store(sqlite_url)) as store:
        store.migrate()
        assert run(sqlite_url, "PRAGMA journal_mode") == [("wal",)]
        with closing(Database(sqlite_url, 10.0)) as database, database.reading() as session:
            assert [session.sql(f"PRAGMA {name}") for name in ("synchronous", "foreign_keys")] == [[(2,)], [(1,)]]
