"""Jobs of a batch system with the release of CCTools that the service ships, which the nodes have inside a root."""

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from lmsvc.ports import free_ports
from tests import slurm, trixie
from tests.worker.lab import PATH, SLOT_MEMORY_MB, Lab, Makeflow, wait_for

pytestmark = [pytest.mark.cctools, pytest.mark.full]
CLIENT = '#!/bin/sh\nexec nsenter --target={pid} --mount --root --wdns="$PWD" /usr/bin/{name} "$@"\n'
"""Slurm's clients are outside of the root that the factory runs in."""
GROWTH_SECONDS = 240


@pytest.fixture
def site(tmp_path: Path) -> Iterator[slurm.Slurm]:
    """A Slurm of one node."""
    if reason := slurm.missing() or trixie.missing():
        pytest.skip(reason)
    one = slurm.Slurm(tmp_path / "slurm")
    yield one
    one.end()


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """A catalog of that release."""
    (tmp_path / "lab").mkdir()
    one = Lab(tmp_path / "lab", free_ports(2), "trixie")
    yield one
    one.end()


def start_batch(lab: Lab, site: slurm.Slurm) -> None:
    """Start what keeps the pool's jobs."""
    clients = lab.directory / "clients"
    clients.mkdir()
    for name in ("sbatch", "squeue", "scancel"):
        (clients / name).write_text(CLIENT.format(pid=os.getpid(), name=name))
        (clients / name).chmod(0o755)
    variables = [f"{name}={value}" for name, value in site.environment.items()]
    place = ["--directory", str(lab.pool), "--node-dir", str(lab.directory), "--minutes", "60"]
    inside = ["--inside", shlex.join(trixie.inside([])), "--python", "/usr/bin/python3"]
    pool = ["--pool", "default", "--catalog", f"127.0.0.1:{lab.port}", "--controllers", "127.0.0.1"]
    shape = ["--memory-mb", str(SLOT_MEMORY_MB), "--disk-mb", "1000", "--path", PATH]
    own = ["/usr/bin/python3", "-m", "lmsvc.worker.batch", *place, *inside]
    lab.start(
        ["env", f"PATH={clients}:{PATH}", *variables, *own, "--", *pool, *shape, "--password-file", str(lab.password)]
    )


def publish(lab: Lab, makeflow: Makeflow, most: int) -> list[str]:
    """Give each job that the catalog shows a slot and the makeflow's work, as a controller does; return the jobs."""
    hosts = sorted(record["host"] for record in lab.client.query(["lm_agent"]) if record.get("lifetime") != 1)
    lab.serial += 1
    head = {"type": "lm_allocation", "uuid": "allocation-default", "port": 0, "lifetime": 120, "pool": "default"}
    managers = {makeflow.project: {"port": makeflow.port, "hosts": dict.fromkeys(hosts, 1)}}
    told = {"serial": lab.serial, "managers": managers, "refuse": {}, "bounds": {"min": 0, "max": most}}
    lab.client.update({**head, **told, "keep": dict.fromkeys(hosts, 1 if most else 0)})
    lab.ring()
    return hosts


def test_jobs_run_tasks_inside_a_root(lab: Lab, site: slurm.Slurm) -> None:
    """The factory submits as many as the bounds allow; their tasks say which job ran them; idle jobs end."""
    makeflow = Makeflow(lab, "j", ["sleep 2"] * 6, free_ports(1))
    publish(lab, makeflow, 2)
    start_batch(lab, site)
    wait_for("two jobs", lambda: len(publish(lab, makeflow, 2)) == 2, GROWTH_SECONDS)
    jobs = site.jobs()
    wait_for("end", lambda: publish(lab, makeflow, 2) and makeflow.process.poll() is not None, GROWTH_SECONDS)
    statuses = makeflow.statuses()
    assert len(statuses) == 6
    assert {status["host"].rpartition("-")[2] for status in statuses} <= set(map(str, jobs))
    publish(lab, makeflow, 0)
    wait_for("no job left", lambda: not site.jobs(), GROWTH_SECONDS)
