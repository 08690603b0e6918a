"""What the role worker leaves: one container per pool, whose slots are known to the catalog."""

import json
import time

import pytest
from testinfra.host import Host

from tests.hosts.service import assert_confined, assert_in_target, assert_survives_kill

POOLS = {"alder": 2, "birch": 1}
CONTROLLER = "10.99.1.12"
ALLOCATE = """
import json, sys, time
from lmsvc.cctools.catalog import CatalogClient
own = {"type": "lm_allocation", "lifetime": 3600, "serial": int(time.time()), "managers": {}, "refuse": {}}
for pool, slots in list(json.loads(sys.argv[1]).items()) * 3:
    named = {"uuid": "lm-allocation-" + pool, "name": pool, "pool": pool, "keep": {"alpha": slots}}
    CatalogClient("10.99.1.10", 9097).update(own | named)
    time.sleep(0.2)
"""
FETCH = "import urllib.request as r; print(r.urlopen('http://10.99.1.10:9097/query.json', timeout=5).read().decode())"


def slots(host: Host) -> dict[str, int]:
    """Return the number of living slots by pool, as the catalog knows them."""
    records = json.loads(host.check_output(f'python3 -c "{FETCH}"'))
    return {
        record["pool"]: len(record["slots"]) for record in records if record["type"] == "lm_agent" and record["slots"]
    }


@pytest.fixture(autouse=True, scope="module")
def controller(host: Host) -> None:
    """Say once, from the address of the controller that this host lacks, how many slots to keep."""
    image = host.check_output("podman inspect --format '{{.ImageName}}' lmsvc-worker-alder")
    words = f"podman run --rm --pull never --network lmsvc --ip {CONTROLLER} --env PYTHONPATH=/opt/python"
    host.check_output(f"{words} --entrypoint python3 {image.strip()} -c %s %s", ALLOCATE, json.dumps(POOLS))


def wait_for_slots(host: Host) -> dict[str, int]:
    """Return the slots by pool as soon as all are there, or as they are after 20 seconds."""
    end = time.monotonic() + 20
    while (found := slots(host)) != POOLS and time.monotonic() < end:
        time.sleep(0.5)
    return found


def test_catalog_knows_all_slots(host: Host) -> None:
    """Each pool offers the slots that the controller wants of it."""
    assert wait_for_slots(host) == POOLS


@pytest.mark.parametrize("pool", POOLS)
def test_pools_are_confined(host: Host, pool: str) -> None:
    """A pool's container has no privilege, sees its own password only, and none is in a process list."""
    container = f"lmsvc-worker-{pool}"
    assert_confined(host, container)
    assert_in_target(host, container)
    assert set(host.check_output(f"podman exec {container} ls /run/secrets").split()) <= {
        f"lmsvc-pool-{pool}",
        f"lmsvc-pool-{pool}-previous",
    }
    password = host.check_output(f"podman exec {container} cat /run/secrets/lmsvc-pool-{pool}").strip()
    assert password
    assert password not in host.check_output("cat /proc/[0-9]*/cmdline | tr '\\0' ' '")


@pytest.mark.parametrize("pool", POOLS)
def test_comes_back(host: Host, pool: str) -> None:
    """A killed pool is back by itself with all its slots."""
    assert_survives_kill(host, f"lmsvc-worker-{pool}")
    assert wait_for_slots(host) == POOLS
