"""What controllers ask again and again is answered from an index, however many jobs there are."""

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest
from peewee import BaseQuery

from lmsvc.store import Store, open_store
from lmsvc.store.database import Row, Session

QUESTIONS: dict[str, Callable[[Store], object]] = {
    "who is to be told": lambda store: store.to_tell(1e9, 1e9),
    "whom to warn": lambda store: store.to_warn(1e9),
    "what is to go": lambda store: store.to_remove(1e9),
    "what is to be measured": lambda store: store.unmeasured(),
    "which uploads are to go": lambda store: store.uploads_to_remove(1e9),
    "what a user's results take": lambda store: store.package_bytes("ada"),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_question_reads_every_job(sqlite_url: str, monkeypatch: pytest.MonkeyPatch, question: str) -> None:
    """SQLite's own plan for each statement searches jobs and uploads, and scans neither."""
    asked: list[tuple[str, list[object]]] = []
    run_all, run_number = Session.all, Session.number

    def noted_all(session: Session, query: BaseQuery) -> list[Row]:
        asked.append(query.sql())
        return run_all(session, query)

    def noted_number(session: Session, query: BaseQuery) -> int:
        asked.append(query.sql())
        return run_number(session, query)

    monkeypatch.setattr(Session, "all", noted_all)
    monkeypatch.setattr(Session, "number", noted_number)
    with closing(open_store(sqlite_url)) as store:
        store.migrate()
        QUESTIONS[question](store)
    assert asked
    for sql, parameters in asked:
        steps = plan(sqlite_url, sql, parameters)
        print("; ".join(steps))
        assert not [step for step in steps if step.startswith("SCAN")], sql


def plan(url: str, sql: str, parameters: list[object]) -> list[str]:
    """Return the steps in which SQLite answers a statement."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        rows = connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)
        return [str(row[-1]) for row in rows]
