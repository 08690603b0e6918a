"""Controllers that die and machines that restart while a job runs."""

from pathlib import Path

import pytest

from tests.hosts.cluster.running import running_job
from tests.hosts.site import Site, state_files


def controller_of(site: Site, job_id: str) -> str:
    """Return the host of the controller that a job's managers run on."""
    states = [state for host in site.workers() for state in state_files(host)]
    managers = [state["manager"] for state in states if state["manager"]]
    addresses = {manager["address"] for manager in managers if job_id in manager["project"]}
    (address,) = addresses
    return str(site.groups["controller"][site.inner("controller", 12).index(address)])


def kill_controller(site: Site, name: str) -> None:
    """Kill a controller at once and keep it from coming back."""
    unit = "lmsvc-controller"
    site.host(name).check_output(f"systemctl kill --signal KILL {unit}; systemctl stop {unit}")


def test_other_controller_takes_over(site: Site, tmp_path: Path) -> None:
    """The controller that runs a job is killed: the job goes on through the other one, and no item is lost."""
    killed = ""
    try:
        with running_job(site, tmp_path, 1.5) as job_id:
            killed = controller_of(site, job_id)
            kill_controller(site, killed)
        states = site.host(killed).run("systemctl is-active lmsvc-controller").stdout.strip()
        assert states in ("inactive", "failed")
    finally:
        site.host(killed or "alpha").check_output("systemctl start lmsvc-controller")


@pytest.mark.full
@pytest.mark.parametrize("killed", ["alpha", "beta"])
def test_either_controller_may_die(site: Site, tmp_path: Path, killed: str) -> None:
    """The controller that shares the slots out, or the other one, is killed: the job succeeds, no item is lost."""
    try:
        with running_job(site, tmp_path, 1.5):
            kill_controller(site, killed)
    finally:
        site.host(killed).check_output("systemctl start lmsvc-controller")


def test_machines_restart_one_after_the_other(site: Site, tmp_path: Path) -> None:
    """Each machine restarts while a job runs: everything returns by itself, the job succeeds with every item."""
    with running_job(site, tmp_path, 5.0):
        for name in site.lines:
            site.power("restart", [name])
            site.wait_for_hosts([name])
    assert site.healthy_within(120)


@pytest.mark.full
def test_machines_restart_at_once(site: Site, tmp_path: Path) -> None:
    """All machines restart at once while a job runs: everything returns by itself, the job succeeds."""
    with running_job(site, tmp_path, 4.0):
        site.power("restart", list(site.lines))
        site.wait_for_hosts(list(site.lines))
    assert site.healthy_within(180)


@pytest.mark.full
def test_power_fails_everywhere(site: Site, tmp_path: Path) -> None:
    """All machines lose power at once while a job runs: everything returns by itself, the job succeeds."""
    with running_job(site, tmp_path, 4.0):
        site.power("kill", list(site.lines))
        site.power("start", list(site.lines))
        site.wait_for_hosts(list(site.lines))
    assert site.healthy_within(180)
