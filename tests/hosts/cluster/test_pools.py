"""Pools that grow, shrink, drain, and lose hosts, while jobs run; `make test-pools` runs these alone."""

import re
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.hosts.cluster.leaving import assert_clean
from tests.hosts.cluster.running import restarted, running_job, runs
from tests.hosts.cluster.scaling import (
    GUEST,
    change_hosts,
    changed_tasks,
    pool,
    scale,
    scaled,
    slots,
    wait_for_slots,
    wait_until_works,
)
from tests.hosts.finished import package
from tests.hosts.site import Site
from tests.hosts.watching import Watch
from tests.service.documents import sleep_each
from tests.service.running import wait_for

pytestmark = [pytest.mark.pools, pytest.mark.timeout(1800)]

WORKERS = {"alpha", "beta", "gamma"}
ON_ALL_HOSTS = 5
"""So many slots of one core need all three hosts, which have two cores each."""
SHARED_SECONDS, LOST_SECONDS, JOINED_SECONDS = 30, 60, 60
FALLEN_SECONDS = 5 * 10
"""Slots without use are kept for ten seconds."""


@pytest.fixture(autouse=True)
def page_as_written(site: Site) -> Iterator[None]:
    """Begin each test with the page's bounds, whatever one before it left."""
    assert site.playbook("scale").returncode == 0
    yield


def test_waiting_tasks_let_a_pool_grow_to_its_most_on_all_hosts(site: Site, tmp_path: Path) -> None:
    """With 200 tasks waiting the pool has its most slots, on each host; the other pool's slots run none of them."""
    document = sleep_each("seconds", [2.0] * 200, pool="sdm")
    with scaled(site, sdm=(1, ON_ALL_HOSTS), occurrences=(1, 6)):
        job_id = site.submit(document)
        grown = wait_for_slots(site, "sdm", ON_ALL_HOSTS, ON_ALL_HOSTS, 60)
        assert set(grown) == WORKERS
        with Watch(site.workers()) as watch:
            assert site.wait_until(job_id, "ended", 600)["state"] == "succeeded"
        assert {container for container, tool in watch.seen if tool == "sleep_seconds"} == {"lmsvc-worker-sdm"}
        wait_for_slots(site, "sdm", 1, 1, FALLEN_SECONDS)
        wait_for_slots(site, "occurrences", 1, 1, FALLEN_SECONDS)
        assert "nothing to do" in pool(site, "sdm")["last_action"]["reason"]


def test_two_pools_share_the_hosts_equally(site: Site) -> None:
    """Both may have all cores and have tasks of 5 s: the second has its half within 30 s of its first task."""
    with scaled(site, sdm=(0, 6), occurrences=(0, 6)):
        first = site.submit(sleep_each("seconds", [5.0] * 120, pool="sdm"))
        wait_for_slots(site, "sdm", 6, 6, 60, "busy")
        second = site.submit(sleep_each("seconds", [5.0] * 120, pool="occurrences"))
        wait_for_slots(site, "occurrences", 1, 6, 60, "busy")
        begin = time.monotonic()
        wait_for_slots(site, "occurrences", 3, 3, 5 * SHARED_SECONDS, "busy")
        took = time.monotonic() - begin
        print(f"equal shares after {took:.1f} s")
        assert took < SHARED_SECONDS
        with closing(site.client()) as client:
            for job_id in (first, second):
                client.cancel(job_id)


def test_other_bounds_restart_nothing(site: Site, tmp_path: Path) -> None:
    """Growing, shrinking and none at all while a job runs: every unit stays in its run, and no item is lost."""
    before = runs(site)
    with scaled(site), running_job(site, tmp_path, 2.0):
        said = scale(site, "occurrences", 4, 6)
        assert "slots before" in said
        assert "This holds until" in said
        assert sum(slots(site, "occurrences").values()) >= 4
        scale(site, "occurrences", 0, 2)
        wait_for_slots(site, "occurrences", 0, 2, 30, "busy")
        scale(site, "sdm", 0, 0)
    assert restarted(before, runs(site)) == set()


def test_impossible_bounds_are_refused(site: Site) -> None:
    """More least slots than there is room for are refused with the reason, and nothing changes."""
    before = [pool(site, "sdm")[bound] for bound in ("min", "max")]
    refused = site.playbook("scale", "-e", "pool=sdm", "-e", "slots_min=500")
    assert refused.returncode != 0
    assert "500 slots at least need 500 cores" in refused.stdout
    assert [pool(site, "sdm")[bound] for bound in ("min", "max")] == before


def test_nothing_fails_while_a_pool_has_no_slots(site: Site, tmp_path: Path) -> None:
    """A job for a pool of no slots waits and says why; it goes on when the pool has slots again."""
    with scaled(site, sdm=(0, 0)):
        wait_for_slots(site, "sdm", 0, 0, 30)
        job_id = site.submit(sleep_each("seconds", [0.5] * 20, pool="sdm"))
        wait_for("reason to wait", lambda: "scaled to 0" in str(site.job(job_id).get("waiting")), 60)
        assert site.job(job_id)["state"] in ("queued", "running")
        scale(site, "sdm", 0, 3)
        assert site.wait_until(job_id, "ended", 120)["state"] == "succeeded"


def test_drained_host_ends_its_tasks_and_gets_no_other(site: Site, tmp_path: Path) -> None:
    """While a job runs a host is drained: what runs there ends, nothing starts; undrained, it works again."""
    try:
        with running_job(site, tmp_path, 3.0) as job_id:
            wait_until_works(site, "gamma", job_id, 60)
            drained = site.playbook("drain", "-l", "gamma", "-e", "drain_minutes=2")
            assert drained.returncode == 0
            busy = [slots(site, name, "busy").get("gamma", 0) for name in ("occurrences", "sdm")]
            assert busy == [0, 0]
            assert [host["drained"] for host in pool(site, "sdm")["hosts"] if host["host"] == "gamma"] == [True]
            assert site.playbook("undrain", "-l", "gamma").returncode == 0
            wait_until_works(site, "gamma", job_id, 60)
    finally:
        assert site.playbook("undrain", "-l", "gamma").returncode == 0


def test_draining_says_what_still_runs(site: Site) -> None:
    """When the time is up the playbook names the tasks that run on, and the host stays drained."""
    job_id = site.submit(sleep_each("seconds", [60.0] * 6))
    try:
        wait_until_works(site, "gamma", job_id, 60)
        late = site.playbook("drain", "-l", "gamma", "-e", "drain_minutes=0")
        assert late.returncode != 0
        assert job_id in late.stdout
        assert [host["drained"] for host in pool(site, "occurrences")["hosts"] if host["host"] == "gamma"] == [True]
    finally:
        with closing(site.client()) as client:
            client.cancel(job_id)
        assert site.playbook("undrain", "-l", "gamma").returncode == 0


def test_draining_needs_a_host(site: Site) -> None:
    """Without -l nothing is drained."""
    refused = site.playbook("drain")
    assert refused.returncode != 0
    assert "-l HOST" in refused.stdout
    assert not any(host["drained"] for host in pool(site, "occurrences")["hosts"])


def test_killed_host_is_missed_and_its_tasks_run_elsewhere(site: Site, tmp_path: Path) -> None:
    """A host loses its power while it works on a job: that is shown within a minute, and no item is lost."""
    try:
        with running_job(site, tmp_path, 3.0) as job_id:
            wait_until_works(site, "gamma", job_id, 60)
            site.power("kill", ["gamma"])
            begin = time.monotonic()
            gone = {"host": "gamma"}.items()

            def shown() -> bool:
                return any(gone <= lost.items() for lost in pool(site, "occurrences")["lost"])

            wait_for("loss of gamma", shown, 5 * LOST_SECONDS, pause_seconds=1)
            took = time.monotonic() - begin
            print(f"the loss was shown after {took:.1f} s")
            assert took < LOST_SECONDS
    finally:
        site.power("start", ["gamma"])
        site.wait_for_hosts(["gamma"])
    assert site.healthy_within(180)


def test_host_that_joins_works_on_a_running_job_and_leaves_in_peace(site: Site, tmp_path: Path) -> None:
    """One line and site.yml bring a host to a job that runs; without the line site.yml drains, cleans and forgets it.

    The other hosts change nothing but their peers, and the job succeeds with every item.
    """
    before = runs(site)
    try:
        with running_job(site, tmp_path, 25.0) as job_id:
            change_hosts(site, add=GUEST)
            joined = site.playbook("site")
            assert joined.returncode == 0
            begin = time.monotonic()
            wait_until_works(site, GUEST, job_id, 5 * JOINED_SECONDS)
            took = time.monotonic() - begin
            print(f"{GUEST} worked on the job {took:.1f} s after the play's end")
            assert took < JOINED_SECONDS
            changed = {(name, task) for name, tasks in changed_tasks(joined).items() for task in tasks if name != GUEST}
            assert {name for name, _ in changed} == WORKERS
            assert [task for _, task in changed if not re.match("overlay : (Write .*peers|Reload)", task)] == []
            change_hosts(site, remove=GUEST)
            left = site.playbook("site", "-e", "drain_minutes=2")
            assert left.returncode == 0
        assert restarted(before, runs(site)) == set()
        assert_clean(site, GUEST)
    finally:
        change_hosts(site, remove=GUEST)
        assert site.playbook("site").returncode == 0


@pytest.mark.full
def test_a_whole_job_in_slots_that_come_and_go(site: Site, tmp_path: Path) -> None:
    """Bounds that change every few seconds during a job leave its package as complete as ever."""
    document = sleep_each("seconds", [1.0] * 150)
    with scaled(site):
        job_id = site.submit(document)
        for most in (6, 1, 4, 0, 6):
            scale(site, "occurrences", 0, most)
        assert site.wait_until(job_id, "ended", 600)["state"] == "succeeded"
    states = [line["state"] for line in package(site, job_id, tmp_path).items("nap")]
    assert states == ["succeeded"] * 150
