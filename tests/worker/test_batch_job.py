"""A job of a batch system: its files on the node, and how its agent ends."""

import fcntl
from collections.abc import Iterator
from pathlib import Path

import pytest

from lmsvc.ports import free_ports
from lmsvc.worker.batch_job import host_name, sweep
from lmsvc.worker.files import PoolFiles
from tests.worker.lab import HOST, Lab, wait_for


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """A catalog, and nothing else yet."""
    one = Lab(tmp_path, free_ports(2), "debian")
    yield one
    one.end()


def test_a_job_is_a_host_of_its_own() -> None:
    """Two jobs on a node have two names, in each of which its number can be found."""
    assert host_name({"SLURM_JOB_ID": "17"}).endswith("-17")
    assert host_name({"SLURM_JOB_ID": "17"}) != host_name({"SLURM_JOB_ID": "18"})


def test_what_killed_jobs_left_on_a_node_is_removed(tmp_path: Path) -> None:
    """A directory that an agent holds stays, and so does what is no job's or another pool's."""
    for name in ("lmsvc-sdm-a", "lmsvc-sdm-b", "lmsvc-rest-a", "mine"):
        (tmp_path / name).mkdir()
        PoolFiles(tmp_path / name).lock.touch()
    with PoolFiles(tmp_path / "lmsvc-sdm-b").lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        sweep(tmp_path, "lmsvc-sdm-")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lmsvc-rest-a", "lmsvc-sdm-b", "mine"]


@pytest.mark.cctools
def test_an_agent_ends_when_no_slot_is_wanted(lab: Lab) -> None:
    """It stays while a slot is kept, and ends by itself, with all slots, once none has been for a while."""
    agent = lab.start_agent(0, "--idle-seconds", "6", expected=0)
    lab.allocate({}, keep={HOST: 1})
    wait_for("slot", lambda: len(lab.states()) == 1)
    with pytest.raises(AssertionError):
        wait_for("end of an agent with a slot", lambda: agent.poll() is not None, 9)
    lab.allocate({}, keep={HOST: 0})
    wait_for("end", lambda: agent.poll() is not None, 60)
    assert (agent.returncode, lab.states()) == (0, [])


@pytest.mark.cctools
def test_an_agent_that_retires_offers_no_room(lab: Lab) -> None:
    """After its time it tells of no cores and no memory, so that no controller gives it work any more."""
    lab.start_agent(1, "--retire-seconds", "4", "--host-cores", "3")
    assert lab.report()["host_cores"] == 3
    wait_for("retirement", lambda: (lab.report()["host_cores"], lab.report()["host_memory_mb"]) == (0, 0), 30)
