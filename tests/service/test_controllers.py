"""Two controllers on one data directory and one PostgreSQL share jobs and slots; one takes over the other's."""

import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lmsvc.heartbeats import read_heartbeats
from lmsvc.paths import DataPaths
from lmsvc.store import open_store
from tests.service.conftest import ServiceFactory
from tests.service.documents import Document, echo
from tests.service.running import RunningService, wait_for
from tests.service.test_crash import counted_items, counting_tool, journal
from tests.store.conftest import postgres
from tests.store.postgres import Server

pytestmark = [pytest.mark.cctools, pytest.mark.slow]
__all__ = ["postgres"]

HOST = "middle"
SLOTS = 4
JOBS = 4
ITEMS = 12


@pytest.fixture
def database_url(postgres: Server) -> str:
    """Give the URL of an empty database."""
    return postgres.new_schema()


@pytest.fixture
def others() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Give a list for further controllers, which are ended."""
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        process.kill()
        process.wait()


def named_items(job: int) -> Document:
    """Return a job whose items are counted, told apart from other jobs'."""
    return {**counted_items(), "inputs": {"texts": {"value": [f"j{job}i{index}" for index in range(ITEMS)]}}}


def owners(database_url: str, jobs: list[str]) -> Counter[str]:
    """Return how many jobs each controller's host holds."""
    with closing(open_store(database_url)) as store:
        heads = [store.head(job) for job in jobs]
    return Counter(head.lease_owner.split(":")[0] for head in heads if head and head.lease_owner)


def leaders(service: RunningService) -> dict[str, bool]:
    """Return for each controller on a data directory whether it leads."""
    return {beat.host: beat.leads for beat in read_heartbeats(DataPaths(service.data_dir).controllers)}


@pytest.mark.parametrize("other", ["aardvark", "zebra"])
def test_the_jobs_of_a_killed_controller_go_on(
    own_service: ServiceFactory,
    tmp_path: Path,
    database_url: str,
    others: list[subprocess.Popen[bytes]],
    other: str,
) -> None:
    """Both work at a time; a `kill -9` of the leader or of the other costs no more than what was in flight."""
    service = own_service(
        tool_dirs=[str(counting_tool(tmp_path))],
        pools={"default": {"slots": SLOTS}},
        **{"batch_seconds": 0.1, "database_url": database_url, "host_name": HOST, "lease_seconds": 5},
    )
    others.append(service.start_controller(other))
    wait_for("two controllers", lambda: leaders(service) == {HOST: other > HOST, other: other < HOST}, 60)
    jobs = [service.submit(named_items(number)) for number in range(JOBS)]
    wait_for("jobs on both", lambda: owners(database_url, jobs).keys() == {HOST, other}, 60)
    wait_for("every job at work", lambda: all(service.job(job)["progress"]["done"] for job in jobs), 120)
    done = set(journal(tmp_path, "end"))
    others[0].kill()
    ended = [service.wait_for_end(job, 300) for job in jobs]
    assert [job["state"] for job in ended] == ["succeeded"] * JOBS, service.logs()
    assert {job["attempt"] for job in ended} == {1}
    starts = Counter(journal(tmp_path, "start"))
    print(f"repeated items: {starts.total() - JOBS * ITEMS} (slots: {SLOTS})")
    assert starts.total() - JOBS * ITEMS <= SLOTS
    assert all(starts[item] == 1 for item in done)
    assert len(set(journal(tmp_path, "end"))) == JOBS * ITEMS


def test_old_and_new_password_at_a_time(
    own_service: ServiceFactory, tmp_path: Path, database_url: str, others: list[subprocess.Popen[bytes]]
) -> None:
    """While a password changes, slots that hold both work for a controller with the new and for one with the old."""
    new = directory_of(tmp_path / "new", {"lmsvc-pool-default": "new secret", "lmsvc-pool-default-previous": "old one"})
    old = directory_of(tmp_path / "old", {"lmsvc-pool-default": "old one"})
    service = own_service(database_url=database_url, host_name=HOST, password_dir=str(new), max_running_jobs=4)
    others.append(service.start_controller("zebra", password_dir=str(old)))
    wait_for("two controllers", lambda: leaders(service) == {HOST: True, "zebra": False}, 60)
    jobs = [service.submit(echo(f"text {number}")) for number in range(12)]
    assert {service.wait_for_end(job)["state"] for job in jobs} == {"succeeded"}
    made_by_old = [line for line in service.log_lines("controller-zebra", "on port") if "makeflow" in line]
    made_by_new = [line for line in service.log_lines("controller", "on port") if "makeflow" in line]
    print(f"makeflows: {len(made_by_new)} with the new password, {len(made_by_old)} with the old")
    assert made_by_old
    assert made_by_new


def directory_of(directory: Path, secrets: dict[str, str]) -> Path:
    """Make a directory with passwords that only this user can read."""
    directory.mkdir()
    for name, secret in secrets.items():
        (directory / name).write_text(secret)
        (directory / name).chmod(0o600)
    return directory
