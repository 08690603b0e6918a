"""A host's GPUs: each slot has its own, and what needs one runs only where there is one."""

import contextlib
import os
import signal
from pathlib import Path

import pytest

from lmsvc.worker.gpus import Gpus
from lmsvc.worker.step_runner import extract
from tests.worker.lab import Lab, Makeflow, alive, wait_for

SHOW = "echo $CUDA_VISIBLE_DEVICES"


def gpus(directory: Path, needed: int, there: int) -> Gpus:
    """Return those of a slot that offers so many, on a host with so many."""
    return Gpus({"gpu_dir": str(directory), "gpus": needed, "host_gpus": there})


def test_no_gpu_is_held_twice(tmp_path: Path) -> None:
    """Slots get different GPUs, all that they offer or none, and others get them once they are free."""
    one, two, three = (gpus(tmp_path, needed, 3) for needed in (1, 2, 1))
    assert one.take() and two.take() and one.take()
    assert (one.names, two.names) == ("0", "1,2")
    assert not three.take()
    two.free()
    more = gpus(tmp_path, 3, 3)
    assert not more.take()
    assert three.take()
    assert (three.names, more.names) == ("1", "")


def test_slots_without_gpus_need_no_directory(tmp_path: Path) -> None:
    """A slot that offers none is served at once and holds nothing."""
    none = gpus(tmp_path / "absent", 0, 4)
    assert none.take()
    assert none.names == ""


def test_gpus_of_a_killed_slot_are_free(tmp_path: Path) -> None:
    """The lock ends with the process that holds it."""
    ready, told = os.pipe()
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            gpus(tmp_path, 1, 1).take()
            os.write(told, b"!")
            signal.pause()
        os._exit(1)
    assert os.read(ready, 1) == b"!"
    own = gpus(tmp_path, 1, 1)
    assert not own.take()
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert own.take()


def seen(flow: Makeflow, directory: Path) -> list[str]:
    """Return what the tasks of an ended makeflow have printed."""
    found = []
    for number, status in enumerate(flow.statuses()):
        (item,) = status["items"]
        extract(flow.directory / f"s.{number:04d}.tar", item["stdout"], directory / f"out-{number}")
        found.append((directory / f"out-{number}").read_text().strip())
    return found


@pytest.mark.cctools
def test_two_slots_have_two_gpus(lab: Lab, port: int, tmp_path: Path) -> None:
    """Tasks that run at one time in slots of one host see different GPUs, although each worker counts from 0."""
    lab.start_agent(2, "--gpus", "1", "--host-gpus", "2")
    meet = f"touch {tmp_path}/$$.here; until [ $(ls {tmp_path}/*.here | wc -l) = 2 ]; do sleep 0.05; done; {SHOW}"
    flow = Makeflow(lab, "gpus000000", [meet, meet], port, gpus=1)
    lab.allocate({flow: 2})
    flow.wait(60)
    assert sorted(seen(flow, tmp_path)) == ["0", "1"]


@pytest.mark.cctools
def test_a_slot_waits_for_the_gpu_of_another(lab: Lab, port: int, tmp_path: Path) -> None:
    """Two slots of a host with one GPU, as a mistaken allocation might want them, do one task after the other."""
    lab.start_agent(2, "--gpus", "1", "--host-gpus", "1")
    alone = f"mkdir {tmp_path}/mine && sleep 1 && rmdir {tmp_path}/mine && {SHOW}"
    flow = Makeflow(lab, "gpus000001", [alone] * 3, port, gpus=1)
    lab.allocate({flow: 2})
    flow.wait(60)
    assert seen(flow, tmp_path) == ["0", "0", "0"]


@pytest.mark.cctools
def test_a_task_that_needs_a_gpu_does_not_run_without(lab: Lab, port: int, tmp_path: Path) -> None:
    """A worker that was started with no GPUs gets no task that asks for one, but others; they see no GPU."""
    lab.start_agent(1)
    asking = Makeflow(lab, "gpus000002", [f"touch {tmp_path}/ran"], port, gpus=1)
    lab.allocate({asking: 1})
    wait_for("worker", lambda: [state for state in lab.states() if state["state"] == "working"])
    with pytest.raises(AssertionError):
        wait_for("task", (tmp_path / "ran").exists, 5)
    assert alive(asking.process.pid)
    plain = Makeflow(lab, "gpus000003", [SHOW], port + 50)
    lab.allocate({plain: 1})
    plain.wait(60)
    assert seen(plain, tmp_path) == [""]
