"""What the tests of pools ask the service, and change in the inventory."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Any

import yaml

from tests.hosts.site import Site, state_files
from tests.service.running import wait_for

GUEST = "delta"
"""A machine that stands beside the cluster and is in no inventory until a test puts it there."""


def pool(site: Site, name: str) -> dict[str, Any]:
    """Return a pool as the service shows it."""
    with closing(site.client()) as client:
        return next(dict(found) for found in client.pools() if found["name"] == name)


def slots(site: Site, name: str, key: str = "wanted") -> dict[str, int]:
    """Return how many slots of a pool are `wanted`, `idle` or `busy` on each host that has any."""
    return {host["host"]: host[key] for host in pool(site, name)["hosts"] if host[key]}


def wait_for_slots(site: Site, name: str, least: int, most: int, seconds: float, key: str = "wanted") -> dict[str, int]:
    """Wait until a pool has a number of slots on all its hosts together; return them by host."""
    found: dict[str, int] = {}

    def reached() -> bool:
        found.clear()
        found.update(slots(site, name, key))
        return least <= sum(found.values()) <= most

    wait_for(f"{least} to {most} slots {key} in pool {name}", reached, seconds, pause_seconds=0.5)
    return dict(found)


def scale(site: Site, name: str, least: int, most: int) -> str:
    """Give a pool other bounds from the command line, and return what scale.yml says."""
    done = site.playbook("scale", "-e", f"pool={name}", "-e", f"slots_min={least}", "-e", f"slots_max={most}")
    assert done.returncode == 0
    return done.stdout


@contextmanager
def scaled(site: Site, **bounds: tuple[int, int]) -> Iterator[None]:
    """Give pools other bounds for a while."""
    try:
        for name, (least, most) in bounds.items():
            scale(site, name, least, most)
        yield
    finally:
        assert site.playbook("scale").returncode == 0


def works(site: Site, name: str, job_id: str) -> bool:
    """Return whether a slot of a host runs a task of a job."""
    states = [state for state in state_files(site.host(name)) if state.get("manager") and state.get("task")]
    return any(job_id in state["manager"]["project"] for state in states)


def wait_until_works(site: Site, name: str, job_id: str, seconds: float) -> None:
    """Wait until a host works on a job."""
    wait_for(f"{name} works on {job_id}", partial(works, site, name, job_id), seconds, pause_seconds=0.5)


def change_hosts(site: Site, add: str | None = None, remove: str | None = None) -> None:
    """Add a worker host to hosts.yml, or take one out."""
    path = site.inventory / "hosts.yml"
    page = yaml.safe_load(path.read_text())["all"]
    workers = page["children"]["worker"]["hosts"]
    if add:
        words = [line.split() for line in site.ssh_config.read_text().splitlines()]
        at = {word[1]: word[2] for word in words if len(word) == 3 and word[0] == "Host"}
        number = 1 + max(line["host_number"] for line in page["hosts"].values())
        page["hosts"][add] = {"ansible_host": at[add], "ansible_user": "root", "host_number": number}
        workers[add] = None
    if remove:
        page["hosts"].pop(remove, None)
        workers.pop(remove, None)
    path.write_text(yaml.safe_dump({"all": page}, sort_keys=False))


def changed_tasks(done: subprocess.CompletedProcess[str]) -> dict[str, set[str]]:
    """Return by host the tasks that changed something there, as a playbook's output says."""
    found: dict[str, set[str]] = {}
    task = ""
    for line in done.stdout.splitlines():
        if named := re.match(r"(?:TASK|RUNNING HANDLER) \[(.*)\]", line):
            task = named[1]
        elif changed := re.match(r"changed: \[(\w+)\]", line):
            found.setdefault(changed[1], set()).add(task)
    return found
