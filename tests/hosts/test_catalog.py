"""What the role catalog leaves: a catalog that answers at its fixed address and comes back by itself."""

import json
import time
from typing import Any

from testinfra.host import Host

INSIDE = "podman exec -i lmsvc-catalog"
HERE = "10.99.1.10:9097"


def records(host: Host) -> list[dict[str, Any]]:
    """Return the catalog's records, asked for from the host."""
    found: list[dict[str, Any]] = json.loads(host.check_output(f'python3 -c "{FETCH}"'))
    return found


FETCH = f"import urllib.request as r; print(r.urlopen('http://{HERE}/query.json', timeout=5).read().decode())"


def wait_for(host: Host, kind: str) -> bool:
    """Return whether a record of that kind appears within 15 seconds."""
    end = time.monotonic() + 15
    while time.monotonic() < end:
        if host.run(f'python3 -c "{FETCH}"').rc == 0 and any(record["type"] == kind for record in records(host)):
            return True
        time.sleep(0.5)
    return False


def send(host: Host, kind: str) -> None:
    """Send a record to the catalog, as managers and agents do."""
    record = json.dumps({"type": kind, "port": 4711})
    host.check_output(f"echo '{record}' | {INSIDE} sh -c 'cat >/tmp/r; catalog_update -c {HERE} -f /tmp/r'")


def test_reports_to_itself(host: Host) -> None:
    """The catalog's own record is in the catalog, so it reports nowhere else."""
    own = [record for record in records(host) if record["type"] == "catalog"]
    assert [(record["address"], record["port"]) for record in own] == [("10.99.1.10", 9097)]


def test_records_survive_a_kill(host: Host) -> None:
    """A killed catalog is back within seconds and knows the records it had."""
    send(host, "lm_test")
    assert wait_for(host, "lm_test")
    host.check_output("podman kill lmsvc-catalog")
    assert wait_for(host, "lm_test")


def test_unknown_addresses_fail_at_once(host: Host) -> None:
    """The catalog looks up the name of every sender; a name that nobody knows costs it nothing."""
    started = time.monotonic()
    assert host.run(f"{INSIDE} getent hosts 10.99.200.200").rc == 2
    assert time.monotonic() - started < 3


def test_container_may_nothing(host: Host) -> None:
    """The catalog is no root, has no capabilities, gains none, and writes to its journal only."""
    status = dict(line.split(":\t", 1) for line in host.check_output(f"{INSIDE} cat /proc/1/status").splitlines())
    assert (status["Uid"].split()[0], int(status["CapBnd"], 16), status["NoNewPrivs"]) == ("900", 0, "1")
    assert host.run(f"{INSIDE} touch /opt/file").rc != 0


def test_is_healthy_and_part_of_the_target(host: Host) -> None:
    """Podman finds the catalog healthy, and the host's target holds its unit."""
    assert host.run("podman healthcheck run lmsvc-catalog").rc == 0
    assert "lmsvc-catalog.service" in host.check_output("systemctl show -p Wants --value lmsvc.target")
