"""A worker container that has turned against the others: it forges records and listens like a manager."""

import json
import time
from contextlib import closing

import pytest
from testinfra.host import Host

from tests.hosts.site import Site, state_files
from tests.service.documents import sleep_each
from tests.service.running import wait_for

CONTAINER = "lmsvc-worker-sdm"
PLACE = "/tmp/forged"
BOUND_SECONDS = 1.0
"""Within this time agents apply what the catalog says."""
MAKEFLOW_PORT, LISTENER_PORT = 9250, 9251
PROGRAM = f"""
import json, pathlib, socket, subprocess, sys, threading, time
sys.path.insert(0, "/opt/python")
from lmsvc.cctools.catalog import CatalogClient
place = pathlib.Path("{PLACE}")
place.mkdir()
(place / "Makeflow").write_text("{PLACE}/ran:\\n\\ttouch {PLACE}/ran\\n")
options = "-T wq -N lm-sdm-evil000000-s-0-1 -C catalog:9097 -p {MAKEFLOW_PORT} --password /run/secrets/lmsvc-pool-sdm"
subprocess.Popen(["makeflow", *options.split(), "Makeflow"], cwd=place, stdout=open(place / "log", "w"), stderr=2)
listener = socket.create_server(("", {LISTENER_PORT}))
def listen():
    while True:
        caller = listener.accept()[1]
        with open(place / "callers", "a") as file:
            print(caller[0], file=file, flush=True)
threading.Thread(target=listen, daemon=True).start()
catalog = CatalogClient("catalog", 9097)
hosts = {{"alpha": 9, "beta": 9, "gamma": 9}}
for number in range(10**6):
    names = [(pool, port, f"lm-{{pool}}-evil00000{{port % 10}}-s-0-1") for pool in ("sdm", "occurrences")
             for port in ({MAKEFLOW_PORT}, {LISTENER_PORT})]
    for pool, port, name in names:
        catalog.update(dict(type="wq_master", uuid=name, project=name, port=port, lifetime=60, starttime=0))
    for pool in ("sdm", "occurrences"):
        managers = {{name: dict(port=port, hosts=hosts) for its, port, name in names if its == pool}}
        for uuid in (f"allocation-{{pool}}", f"evil-{{pool}}"):
            catalog.update(dict(type="lm_allocation", uuid=uuid, port=0, pool=pool, lifetime=60,
                                serial=10**15 + number, managers=managers, refuse={{}}))
    (place / "rounds").write_text(str(number))
    time.sleep(0.1)
"""
CALL = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)"
ASK = (
    "import json, sys; sys.path.insert(0, '/opt/python'); from lmsvc.cctools.catalog import CatalogClient; "
    "print(json.dumps(CatalogClient('catalog', 9097).query({'wq_master', 'lm_allocation'})))"
)


class Forger:
    """The worker container that forges."""

    def __init__(self, host: Host) -> None:
        """Name its host."""
        self.host = host

    def inside(self, command: str, *words: str) -> str:
        """Return what a command prints inside."""
        return str(self.host.check_output(f"podman exec {CONTAINER} {command}", *words))

    def start(self) -> None:
        """Forge records ten times a second from now on."""
        self.host.check_output(f"podman exec --detach {CONTAINER} python3 -c %s", PROGRAM)
        wait_for("forged records", lambda: self.host.run(f"podman exec {CONTAINER} cat {PLACE}/rounds").rc == 0, 20)

    def address(self) -> str:
        """Return its address in the overlay."""
        form = "{{.NetworkSettings.Networks.lmsvc.IPAddress}}"
        return str(self.host.check_output(f"podman inspect -f '{form}' {CONTAINER}"))

    def callers(self) -> list[str]:
        """Return who connected to its listener."""
        return self.inside(f"sh -c 'cat {PLACE}/callers 2>/dev/null || true'").split()

    def records(self) -> set[str]:
        """Return the types of records that came from here, as the catalog has them."""
        found = json.loads(self.inside("python3 -c %s", ASK))
        return {record["type"] for record in found if record["address"] == self.address()}


@pytest.fixture
def forger(site: Site) -> Forger:
    """Give a container that forges; it is made anew afterwards."""
    return Forger(site.host("gamma"))


def projects(site: Site) -> set[str]:
    """Return the projects that slots work for on all hosts."""
    states = [state for host in site.workers() for state in state_files(host)]
    return {state["manager"]["project"] for state in states if state["manager"]}


def test_no_slot_joins_a_foreign_manager(site: Site, forger: Forger) -> None:
    """Forged managers and allocations of a container that has the password move no slot, and the real job goes on."""
    try:
        forger.start()
        assert forger.records() == {"wq_master", "lm_allocation"}
        site.host("alpha").check_output(
            f"podman exec {CONTAINER} python3 -c %s {forger.address()} {LISTENER_PORT}", CALL
        )
        callers = forger.callers()
        assert len(callers) == 1, "the listener can be reached from another host's container"
        job_id = site.submit(sleep_each("seconds", [1.0] * 30))
        joined: set[str] = set()
        end = time.monotonic() + 5 * BOUND_SECONDS
        job = site.job(job_id)
        with closing(site.client()) as client:
            while time.monotonic() < end or job["state"] not in ("succeeded", "failed"):
                joined |= projects(site)
                job = dict(client.job(job_id))
        assert job["state"] == "succeeded", job
        assert {project.split("-")[2] for project in joined} == {job_id}
        assert forger.callers() == callers
        assert forger.host.run(f"podman exec {CONTAINER} test -e {PLACE}/ran").rc == 1
        assert forger.host.run("pgrep -f [l]m-sdm-evil").rc == 0, "the foreign makeflow waits for workers"
    finally:
        forger.host.check_output(f"systemctl restart {CONTAINER}")
