"""Hosts that leave a site for good, in peace, in a hurry, or dead; `make test-pools` runs these alone."""

from pathlib import Path

import pytest

from tests.hosts.cluster.leaving import assert_clean, assert_forgotten
from tests.hosts.cluster.running import running_job
from tests.hosts.cluster.scaling import GUEST, change_hosts, wait_until_works
from tests.hosts.site import Site
from tests.hosts.watching import Watch

pytestmark = [pytest.mark.pools, pytest.mark.timeout(1800)]

ITEMS = 200
NAP_SECONDS = 15.0
"""A task of four items ends within a minute; all of them take longer than to take a host out."""
GUEST_SLOTS = 2
"""The guest has two cores, and slots have one each."""
TASK_ITEMS = 4
"""Short items are put together until a task takes four seconds, and naps are taken for one second long at first."""


def test_only_what_a_host_could_not_end_in_time_begins_twice(site: Site, tmp_path: Path) -> None:
    """A host leaves in the middle of its tasks, without time to end them: the job succeeds with every item.

    Only items of the tasks that were cut off begin a second time.
    """
    try:
        change_hosts(site, add=GUEST)
        assert site.playbook("site").returncode == 0
        with (
            Watch([*site.workers(), site.host(GUEST)]) as watch,
            running_job(site, tmp_path, NAP_SECONDS, ITEMS) as job_id,
        ):
            wait_until_works(site, GUEST, job_id, 60)
            change_hosts(site, remove=GUEST)
            left = site.playbook("site", "-e", "drain_minutes=0")
            assert left.returncode == 0
            assert "cut off and run again elsewhere" in left.stdout
        repeated = watch.begun["sleep_seconds"] - ITEMS
        print(f"items that began twice: {repeated}")
        assert repeated <= GUEST_SLOTS * TASK_ITEMS
        assert_clean(site, GUEST)
    finally:
        change_hosts(site, remove=GUEST)
        assert site.playbook("site").returncode == 0


def test_dead_host_that_has_left_is_said_and_forgotten(site: Site) -> None:
    """A host that was set up and cannot be reached any more leaves the record, the overlay and the drained hosts."""
    try:
        change_hosts(site, add=GUEST)
        assert site.playbook("site").returncode == 0
        site.power("stop", [GUEST])
        change_hosts(site, remove=GUEST)
        left = site.playbook("site", "-e", "drain_minutes=1")
        assert f"{GUEST} (" in left.stdout
        assert "cannot be reached" in left.stdout
        assert_forgotten(site, GUEST)
    finally:
        change_hosts(site, remove=GUEST)
        site.power("start", [GUEST])
        site.wait_for_hosts([GUEST])
