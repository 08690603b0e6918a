"""How old what the service shows of its pools is; `make test-pools` runs these alone."""

import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from lmsvc.client import Client
from tests.hosts.cluster.scaling import scaled
from tests.hosts.site import Site, state_files
from tests.service.documents import sleep_each

pytestmark = [pytest.mark.pools, pytest.mark.timeout(600)]

POOL, SLOTS, NAP_SECONDS = "occurrences", 6, 8.0
OLDEST_SECONDS = 3


def shown_tasks(client: Client) -> Iterator[str]:
    """Yield the tasks in the slots of the pool as the service shows them now."""
    found = next(pool for pool in client.pools() if pool["name"] == POOL)
    for host in found["hosts"]:
        yield from (slot["task"] for slot in host["slots"] if slot.get("task"))


def seen_from_to(client: Client, seconds: float) -> tuple[dict[str, float], dict[str, float]]:
    """Watch for a time; return when each task was shown first, and when last (epoch seconds)."""
    first: dict[str, float] = {}
    last: dict[str, float] = {}
    end = time.time() + seconds
    while time.time() < end:
        for task in shown_tasks(client):
            last[task] = time.time()
            first.setdefault(task, last[task])
        time.sleep(0.1)
    return first, last


def test_slots_and_tasks_are_shown_as_they_were_three_seconds_ago_at_most(site: Site) -> None:
    """A task that a slot has begun is shown soon after, and is shown no more soon after its end."""
    with scaled(site, occurrences=(0, SLOTS)), closing(site.client()) as client:
        job_id = site.submit(sleep_each("seconds", [NAP_SECONDS] * SLOTS))
        first, _ = seen_from_to(client, NAP_SECONDS / 2)
        states = [state for host in site.workers() for state in state_files(host)]
        began = {state["task"]: float(state["since"]) for state in states if state.get("task")}
        _, last = seen_from_to(client, NAP_SECONDS + 5 * OLDEST_SECONDS)
        assert site.wait_until(job_id, "ended", 60)["state"] == "succeeded"
    assert len(began) == SLOTS
    late = max(first[task] - began[task] for task in began)
    long = max(last[task] - began[task] for task in began) - NAP_SECONDS
    print(f"shown at most {late:.2f} s after the begin and {long:.2f} s after the end")
    assert late < OLDEST_SECONDS
    assert long < OLDEST_SECONDS
