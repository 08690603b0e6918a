"""A full disk, a locked, absent or damaged database: clear errors, nothing half-stored, and on when it is over."""

import os
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from lmsvc.jobs.states import JobState
from lmsvc.store import open_store
from lmsvc.store.errors import StoreError, StoreUnavailable
from tests.store.children import answer, fill, release, start
from tests.store.make import submit
from tests.store.postgres import Server

BUSY_SECONDS = 0.3
_MOUNT = 'mount -t tmpfs -o size=3m tmpfs "$0" && exec "$@"'


def test_a_locked_sqlite_file_is_unavailable_for_writing_only(sqlite_url: str) -> None:
    """A call gives up after its time; reading goes on; when the lock is gone so does writing."""
    with closing(open_store(sqlite_url, BUSY_SECONDS)) as store:
        store.migrate()
        other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        with pytest.raises(StoreUnavailable, match="locked"):
            submit(store)
        waited = time.monotonic() - started
        print(f"gave up after {waited:.2f} s")
        assert BUSY_SECONDS * 0.9 <= waited < BUSY_SECONDS * 5
        assert store.counts()[JobState.QUEUED] == 0
        other.execute("COMMIT")
        other.close()
        submit(store)


def test_a_locked_row_of_postgresql_is_unavailable(postgres: Server) -> None:
    """A call gives up after its time instead of waiting for ever."""
    url = postgres.new_schema()
    with closing(open_store(url, BUSY_SECONDS)) as store:
        store.migrate()
        job_id = submit(store)
        with psycopg.connect(url) as other:
            other.execute("SELECT * FROM jobs FOR UPDATE")
            with pytest.raises(StoreUnavailable, match="lock"):
                store.request_cancel(job_id, 2.0)
        assert store.request_cancel(job_id, 2.0) is not None


@pytest.mark.parametrize("content", [b"this is no database, but long enough to be looked at" * 100])
def test_a_damaged_file_is_unavailable(tmp_path: Path, content: bytes) -> None:
    """The store says so and leaves the file alone."""
    file = tmp_path / "x.sqlite3"
    file.write_bytes(content)
    with closing(open_store(f"sqlite:///{file}")) as store:
        for call in (store.migrate, store.ping, store.counts):
            with pytest.raises(StoreUnavailable):
                call()
    assert file.read_bytes() == content


def test_a_place_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    """The directory of the file is made where it can be, and missed clearly where it cannot."""
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable):
        open_store(f"sqlite:///{tmp_path}/file/x.sqlite3").migrate()
    with closing(open_store(f"sqlite:///{tmp_path}/new/directory/x.sqlite3")) as store:
        assert store.migrate() > 0


def test_an_absent_server_is_unavailable(tmp_path: Path) -> None:
    """Nobody listens there."""
    with pytest.raises(StoreUnavailable):
        open_store(f"postgresql://lmsvc@/x?host={tmp_path}").ping()


@pytest.mark.parametrize("url", ["", "mysql://x/y", "sqlite://", "sqlite:///", "/just/a/path", "sqlite://host/path"])
def test_a_url_of_no_database_is_refused(url: str) -> None:
    """The message shows what would do."""
    with pytest.raises(StoreError, match=r"give sqlite:///PATH or postgresql://"):
        open_store(url)


def test_connections_that_the_server_ended_are_replaced(postgres: Server) -> None:
    """After the server's restart the first call already works."""
    with closing(open_store(postgres.new_schema())) as store:
        store.migrate()
        postgres.execute(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE application_name = 'lmsvc'"
        )
        submit(store)


def test_a_full_disk_under_sqlite_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    """The store says that it is full, holds exactly what it took, and goes on when there is room."""
    _needs_mounts()
    disk = tmp_path / "disk"
    disk.mkdir()
    before = ("unshare", "--mount", "sh", "-c", _MOUNT, str(disk))
    child = start("fill_disk", f"sqlite:///{disk}/x.sqlite3", f"{disk}/ballast", before=before)
    release(child)
    result = answer(child)
    print(result)
    assert isinstance(result, dict)
    assert result["acknowledged"] > 0
    assert (result["kept"], result["after"]) == (result["acknowledged"], result["acknowledged"] + 1)


def test_a_full_disk_under_postgresql_keeps_what_it_acknowledged(postgres: Server) -> None:
    """The store says that it is full and holds exactly what it took."""
    if postgres.small_disk is None:
        pytest.skip("mounting a small disk needs root with CAP_SYS_ADMIN")
    with postgres.small_database() as url, closing(open_store(url)) as store:
        store.migrate()
        acknowledged = fill(store)
        print(f"{acknowledged} jobs until the disk was full")
        assert acknowledged > 0
        assert store.counts()[JobState.QUEUED] == acknowledged


def _needs_mounts() -> None:
    trial = subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True)
    if os.geteuid() != 0 or trial.returncode != 0:
        pytest.skip("mounting a small disk needs root with CAP_SYS_ADMIN")
