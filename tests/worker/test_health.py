"""The health check of a worker container."""

import os
import subprocess
from pathlib import Path

import pytest

from lmsvc.files import write_json
from lmsvc.worker.files import PoolFiles
from lmsvc.worker.health import main, missing_slots


def pool_of(directory: Path, pids: dict[int, int], slots: int = 2, agent: int | None = None) -> PoolFiles:
    """Return a pool directory as an agent (or this process) that keeps ``slots`` slots has it, with some processes."""
    files = PoolFiles(directory)
    files.make()
    write_json(files.configuration, {"host": "alpha", "agent_pid": agent or os.getpid()})
    files.keep([f"alpha-{number + 1}" for number in range(slots)])
    for number, pid in pids.items():
        slot = files.slot("alpha", number)
        slot.make()
        write_json(slot.state, {"pid": pid})
    return files


def ended_process() -> int:
    """Return the number of a process that is no more."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_all_slots_live(tmp_path: Path) -> None:
    """A pool whose slots all have a living process is healthy."""
    files = pool_of(tmp_path, {1: os.getpid(), 2: os.getppid()})
    assert missing_slots(files) == []
    assert main([str(tmp_path)]) == 0


def test_dead_and_absent_slots_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A slot whose process has ended and one that never started are both named."""
    pool_of(tmp_path, {1: os.getpid(), 2: ended_process()}, slots=3)
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().err == "not alive: alpha-2, alpha-3\n"


def test_leavings_of_more_slots_do_not_count(tmp_path: Path) -> None:
    """The state of a slot that the agent does not keep says nothing."""
    files = pool_of(tmp_path, {2: os.getpid()}, slots=1)
    assert missing_slots(files) == ["alpha-1"]


def test_no_slot_is_healthy(tmp_path: Path) -> None:
    """A pool that keeps no slots on this host is healthy."""
    pool_of(tmp_path, {}, slots=0)
    assert main([str(tmp_path)]) == 0


def test_ended_agent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A pool without slots whose agent has ended is not healthy, and the check says so."""
    pool_of(tmp_path, {}, slots=0, agent=ended_process())
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"the agent of {tmp_path} has ended\n"


def test_no_agent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A directory in which no agent has started is not healthy, and the check says so."""
    assert main([str(tmp_path)]) == 1
    assert "no agent has started" in capsys.readouterr().err
