"""``lmsvc check`` against a web service whose catalog and controller are played by the tests."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from lmsvc.cli.check import job_document, outcomes_text, places
from lmsvc.client import Client
from lmsvc.jobs.states import JobState
from tests.cli.conftest import Commands
from tests.web.site import Site


def pool(name: str, *hosts: str, cores: int | None = 1, serves: bool = True) -> dict[str, Any]:
    """Return a pool as the service tells of it."""
    return {"name": name, "cores": cores, "max": 4, "hosts": [{"host": host, "serves": serves} for host in hosts]}


@pytest.fixture
def pools(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Give the list of pools that the service is said to have; a test fills it."""
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(Client, "pools", lambda self: found)
    return found


@contextmanager
def controller(site: Site, state: JobState = JobState.SUCCEEDED, **error: str) -> Iterator[None]:
    """Play a controller that takes jobs and ends them all the same way."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.05):
            if job := site.store.claim("tests", time.time(), 60.0, 1_000_000):
                told = {"title": "The job failed", **error} if error else None
                site.store.transition(job.id, state, time.time(), expected=JobState.RUNNING, owner="tests", error=told)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def tagged(site: Site) -> list[Any]:
    """Return the jobs of checks that are still there."""
    found: list[Any] = site.client.get("/api/v1/jobs?tag=check").get_json()["jobs"]
    return found


def test_each_pool_is_checked_on_each_of_its_hosts(lmsvc: Commands, pools: list[dict[str, Any]]) -> None:
    """One line for every pool and host with its seconds; nothing of the check stays."""
    pools += [pool("default", "alpha", "beta")]
    with controller(lmsvc.site):
        ran = lmsvc("check", "--json")
    told = json.loads(ran.out)
    assert ran.code == 0, ran.err
    assert [(it["pool"], it["host"], it["ok"]) for it in told] == [
        ("default", "alpha", True),
        ("default", "beta", True),
    ]
    assert all(0 < it["seconds"] < 10 and it["error"] is None for it in told)
    assert "checking: 2 of 2 done" in ran.err
    assert tagged(lmsvc.site) == []


def test_a_failed_job_is_exit_1_with_its_reason(lmsvc: Commands, pools: list[dict[str, Any]]) -> None:
    """The table shows why; the failed job is deleted as well."""
    pools += [pool("default", "alpha")]
    with controller(lmsvc.site, JobState.FAILED, detail="python3 is missing"):
        ran = lmsvc("check")
    assert ran.code == 1
    assert "default  alpha  -        failed: python3 is missing" in ran.out
    assert tagged(lmsvc.site) == []


def test_a_host_that_does_not_answer_is_exit_1_after_the_time_given(
    lmsvc: Commands, pools: list[dict[str, Any]]
) -> None:
    """A job nobody runs is given up, cancelled and deleted."""
    pools += [pool("default", "alpha")]
    began = time.monotonic()
    ran = lmsvc("check", "--timeout", "1")
    print(f"gave up after {time.monotonic() - began:.1f} s")
    assert ran.code == 1
    assert "queued after 1 s" in ran.out
    assert tagged(lmsvc.site) == []


def test_a_pool_without_hosts_is_exit_1(lmsvc: Commands) -> None:
    """The service of this test has one pool and no catalog: the check says that nobody was heard from."""
    ran = lmsvc("check", "--json")
    assert ran.code == 1
    assert [(it["pool"], it["host"], it["ok"]) for it in json.loads(ran.out)] == [("default", None, False)]
    assert "no host" in ran.out


def test_a_job_that_is_refused_is_told_of_beside_the_others(lmsvc: Commands, pools: list[dict[str, Any]]) -> None:
    """A pool the service does not know does not keep the others from being checked."""
    pools += [pool("default", "alpha"), pool("nosuch", "alpha")]
    with controller(lmsvc.site):
        ran = lmsvc("check", "--json")
    told = {it["pool"]: it for it in json.loads(ran.out)}
    assert ran.code == 1
    assert told["default"]["ok"]
    assert "not accepted" in told["nosuch"]["error"]


def test_pools_of_others_and_drained_hosts_are_no_fault() -> None:
    """What only the catalog knows is left out; a host that is to have no slots counts as good."""
    found = places([pool("old", "alpha", cores=None), pool("sdm", "alpha", serves=False), pool("sdm2", "beta")])
    assert [(it.pool, it.host, it.ok) for it in found] == [("sdm", "alpha", True), ("sdm2", "beta", False)]
    assert "sdm   alpha  -        may have no slots now" in outcomes_text(found)


def test_the_job_names_its_pool_and_host() -> None:
    """Each job may run in the one pool on the one host that it checks."""
    made = job_document("check-1", "sdm", "beta")
    assert (made["pool"], made["hosts"]) == ("sdm", ["beta"])
