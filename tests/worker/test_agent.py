"""The agent's start, its files and what it costs."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lmsvc.files import write_json
from lmsvc.worker.files import read_json
from tests import trixie
from tests.worker.lab import HOST, Lab, Makeflow, wait_for

TICKS = os.sysconf("SC_CLK_TCK")


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS


def _memory_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1000


@pytest.mark.cctools
@pytest.mark.slow
def test_idle_agent_costs_next_to_nothing(lab: Lab) -> None:
    """An agent with two idle slots takes a hundredth of a core together, and a slot about 10 MB."""
    lab.start_agent()
    time.sleep(11)
    agent = lab.agent_pid()
    pids = [agent, *lab.below(agent)]
    before = sum(map(_cpu_seconds, pids))
    time.sleep(10)
    share = (sum(map(_cpu_seconds, pids)) - before) / 10
    slot = _memory_mb(lab.states()[0]["pid"])
    total = sum(map(_memory_mb, pids))
    print(f"{lab.release}: idle {100 * share:.2f} % of a core, slot {slot:.1f} MB, all {total:.0f} MB")
    assert share < 0.05
    assert slot < 50


@pytest.mark.cctools
def test_files_are_for_this_user_alone(lab: Lab) -> None:
    """Nobody else can look into the pool's directory, and the password is copied nowhere."""
    lab.start_agent()
    assert lab.pool.stat().st_mode & 0o077 == 0
    secret = lab.password.read_bytes()
    copies = [path for path in lab.pool.rglob("*") if path.is_file() and secret in path.read_bytes()]
    assert copies == []


@pytest.mark.cctools
def test_record_tells_the_pool_and_its_slots(lab: Lab) -> None:
    """The agent's record holds what the controller needs to allocate slots."""
    lab.start_agent(2, "--host-cores", "3", "--host-memory-mb", "4000", "--gpus", "1", "--host-gpus", "4")
    wait_for("record", lambda: len(lab.report().get("slots", [])) == 2)
    record = lab.report()
    assert (record["pool"], record["host"], record["slots_wanted"]) == ("default", HOST, 2)
    assert (record["cores"], record["memory_mb"], record["disk_mb"]) == (1, 500, 1000)
    assert (record["host_cores"], record["host_memory_mb"], record["serial"]) == (3, 4000, 0)
    assert (record["gpus"], record["host_gpus"]) == (1, 4)
    assert [slot["slot"] for slot in record["slots"]] == [f"{HOST}-1", f"{HOST}-2"]


@pytest.mark.cctools
def test_without_a_word_there_are_no_slots(lab: Lab) -> None:
    """An agent that is told no number and hears no allocation keeps no slot, and offers what the machine has."""
    lab.start_agent(0)
    record = lab.report()
    assert (record["slots_wanted"], record["slots"], lab.below(lab.agent_pid())) == (0, [], [])
    assert record["host_cores"] == len(os.sched_getaffinity(0))
    total = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal:"))
    assert record["host_memory_mb"] == int(total.split()[1]) // 1024


def _start(directory: Path, slots: int = 1, **more: str) -> subprocess.CompletedProcess[str]:
    given = {"pool": "p", "pool-dir": str(directory / "pool"), "host": "h", "catalog": "127.0.0.1:20999"}
    last = {"controllers": "127.0.0.1", "memory-mb": "9", "disk-mb": "9", "password-file": str(directory / "secret")}
    words = [word for name, value in {**given, **last}.items() for word in (f"--{name}", value)]
    words.append(f"--slots={slots}")
    command = [sys.executable, "-m", "lmsvc.worker.agent", *words]
    environment = {"PATH": os.environ["PATH"], **more}
    return subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=60, cwd=trixie.PROJECT, env=environment
    )


def test_fewer_slots_than_none_are_refused(tmp_path: Path) -> None:
    """A negative number of slots is a fault of the command line, said as such."""
    result = _start(tmp_path, slots=-1)
    assert result.returncode == 2
    assert "--slots" in result.stderr


def test_missing_password_is_explained(tmp_path: Path) -> None:
    """An agent without its password does not start."""
    result = _start(tmp_path)
    assert result.returncode == 1
    assert "cannot read the pool's password" in result.stderr


def test_readable_password_is_refused(tmp_path: Path) -> None:
    """An agent whose password others can read does not start, and says what to do."""
    (tmp_path / "secret").write_text("x")
    (tmp_path / "secret").chmod(0o644)
    result = _start(tmp_path)
    assert result.returncode == 1
    assert "chmod 600" in result.stderr


def test_missing_cctools_is_explained(tmp_path: Path) -> None:
    """An agent without CCTools does not start, and says what to install."""
    (tmp_path / "secret").write_text("x")
    (tmp_path / "secret").chmod(0o600)
    result = _start(tmp_path, PATH=str(tmp_path))
    assert result.returncode == 1
    assert "apt-get install coop-computing-tools" in result.stderr


def test_unreadable_files_are_empty(tmp_path: Path) -> None:
    """A file that is absent or damaged counts as one that says nothing."""
    write_json(tmp_path / "a", {"managers": {}})
    assert read_json(tmp_path / "a") == {"managers": {}}
    (tmp_path / "a").write_text("[")
    assert read_json(tmp_path / "a") == {}
    assert read_json(tmp_path / "b") == {}


@pytest.mark.cctools
def test_work_goes_on_while_the_controller_is_away(lab: Lab, port: int) -> None:
    """A restarted agent works on by the last allocation though nobody repeats it."""
    agent = lab.start_agent()
    flow = Makeflow(lab, "away000000", ["sleep 1"] * 4, port)
    lab.allocate({flow: 2})
    wait_for("running tasks", lambda: all(state["task"] for state in lab.states()))
    agent.kill()
    agent.wait()
    lab.catalog.kill()
    lab.catalog.wait()
    lab.start_catalog()
    lab.client.update(_registered(flow))
    lab.start_agent()
    assert [status["items"][0]["state"] for status in flow.wait(60)] == ["succeeded"] * 4


def _registered(flow: Makeflow) -> dict[str, object]:
    """Return what makeflow says of itself once a minute."""
    return {
        "type": "wq_master",
        "uuid": "x",
        "project": flow.project,
        "port": flow.port,
        "starttime": 1,
        "lifetime": 60,
    }
