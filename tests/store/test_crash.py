"""What was acknowledged survives any crash of the process that asked."""

import random
import signal
import sqlite3
import time
from pathlib import Path

import pytest

from lmsvc.jobs.states import JobState
from lmsvc.store import Store
from lmsvc.store.records import JobFilter
from tests.store.children import release, start

KILLS = 30
LONGEST_LIFE_SECONDS = 0.25


@pytest.mark.slow
def test_no_acknowledged_job_is_lost_or_doubled_by_kills(store: Store, database_url: str, tmp_path: Path) -> None:
    """A process that submits in a loop is killed 30 times; its successor repeats the unanswered request."""
    notes, moments = tmp_path / "acknowledged", random.Random(1)
    for _ in range(KILLS):
        _live_and_die(database_url, notes, moments.uniform(0, LONGEST_LIFE_SECONDS))
    acknowledged = dict(_noted(notes))
    jobs = _all_jobs(store)
    print(f"{len(acknowledged)} jobs acknowledged, {len(jobs)} stored, {KILLS} kills")
    assert len(acknowledged) > KILLS
    assert {number: jobs[f"job {number}"] for number in acknowledged} == acknowledged
    assert 0 <= len(jobs) - len(acknowledged) <= 1
    _check_file(database_url)


def _live_and_die(url: str, notes: Path, seconds: float) -> None:
    """Let a child submit from the first number without an answer on, and kill it."""
    child = start("submit_forever", url, str(notes), str(len(_noted(notes))))
    with child:
        release(child)
        time.sleep(seconds)
        child.kill()
        child.wait(60)
    assert child.returncode == -signal.SIGKILL


def _noted(notes: Path) -> list[tuple[int, str]]:
    if not notes.exists():
        return []
    return [(int(number), job_id) for number, job_id in map(str.split, notes.read_text().splitlines())]


def _all_jobs(store: Store) -> dict[str, str]:
    """Return the jobs by name; no name is there twice, and each has its document, key and first event."""
    page = store.jobs(JobFilter(state=JobState.QUEUED), limit=10**6)
    jobs = {head.name: head.id for head in page.rows}
    assert len(jobs) == len(page.rows)
    for name, job_id in jobs.items():
        key = store.idempotent_job(name.replace("job", "key"), "ada")
        assert key is not None
        assert key.job_id == job_id
    assert all(len(store.events(job_id)) == 1 and store.job(job_id) for job_id in jobs.values())
    return jobs


def _check_file(url: str) -> None:
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        connection.close()
