"""Whatever is killed with SIGKILL takes its task with it, and work goes on."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lmsvc.losses import LOSSES_TO_REFUSE
from tests import trixie
from tests.worker.lab import Lab, Makeflow, alive, is_slot, kill, wait_for

pytestmark = pytest.mark.cctools

STUBBORN = """
cat >stubborn.py <<'END'
import os, signal, sys, time
if os.fork():
    time.sleep(60)
os.setsid()
for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}:
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
if os.fork(): os._exit(0)
open(sys.argv[1], "a").write(f"{os.getpid()}\\n")
time.sleep(60)
END
exec python3 stubborn.py """
"""A tool with a grandchild that has a session of its own, no parent, and ignores every signal it can."""


def _stubborn(lab: Lab, port: int, tmp_path: Path) -> tuple[Makeflow, int]:
    """Start a job whose first try is stubborn and whose second ends at once; return it and the stubborn grandchild."""
    lab.start_agent()
    note = tmp_path / "pids"
    flow = Makeflow(lab, "stubborn00", [f"[ -e {note} ] && exit 0; {STUBBORN} {note}"], port)
    lab.allocate({flow: 1})
    wait_for("grandchild", lambda: note.exists() and note.read_text().endswith("\n"))
    return flow, int(note.read_text())


def _gone(lab: Lab, pid: int, what: str) -> None:
    started = time.monotonic()
    wait_for(f"end of the grandchild of a killed {what}", lambda: not alive(pid), 25)
    print(f"{lab.release}: killed {what}, all of its task gone after {time.monotonic() - started:.2f} s")


def _marked(lab: Lab) -> list[int]:
    mark = f"LMSVC_SLOT_DIR={lab.pool}".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in path.read_bytes() and alive(int(path.parent.name)):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


@pytest.mark.parametrize("victim", ["runner", "worker", "slot", "factory"])
def test_killed_process_leaves_no_orphan_and_its_task_runs_again(
    lab: Lab, port: int, tmp_path: Path, victim: str
) -> None:
    """A runner, worker, slot or factory killed in mid-task leaves nothing behind, and the job ends well."""
    flow, grandchild = _stubborn(lab, port, tmp_path)
    state = next(state for state in lab.states() if state["task"])
    environment = dict(
        entry.split("=", 1) for entry in Path(f"/proc/{grandchild}/environ").read_text().split("\0") if "=" in entry
    )
    worker = int(environment["LMSVC_WORKER_PID"])
    factory = int(Path(f"/proc/{state['pid']}/stat").read_text().rpartition(")")[2].split()[1])
    runner = lab.below(worker)[0]
    kill({"runner": runner, "worker": worker, "slot": state["pid"], "factory": factory}[victim])
    _gone(lab, grandchild, victim)
    assert [status["items"][0]["state"] for status in flow.wait(60)] == ["succeeded"]
    wait_for("both slots", lambda: len(lab.states()) == 2, 30)


def test_killed_agent_takes_everything_with_it(lab: Lab, port: int, tmp_path: Path) -> None:
    """Factories, slots, workers and tasks end with the agent, and a new agent goes on with the job."""
    flow, grandchild = _stubborn(lab, port, tmp_path)
    below = lab.below(lab.agent_pid())
    assert any(is_slot(pid) for pid in below)
    kill(lab.agent_pid())
    _gone(lab, grandchild, "agent")
    wait_for("end of all below the agent", lambda: not any(alive(pid) for pid in below), 25)
    assert _marked(lab) == []
    lab.start_agent()
    assert [status["items"][0]["state"] for status in flow.wait(60)] == ["succeeded"]


def test_everything_killed_at_once_is_cleared_by_the_next_agent(lab: Lab, port: int, tmp_path: Path) -> None:
    """What survives the death of agent, slots and runner in one moment ends when the next agent starts."""
    _, grandchild = _stubborn(lab, port, tmp_path)
    for pid in (lab.agent_pid(), *(pid for pid in lab.below(lab.agent_pid()) if pid != grandchild)):
        kill(pid)
    lab.start_agent()
    wait_for("end of the grandchild", lambda: not alive(grandchild), 5)


def test_terminated_agent_leaves_nothing_and_says_so(lab: Lab, port: int, tmp_path: Path) -> None:
    """An agent told to end ends its tasks first and tells the catalog that it has no slots any more."""
    _stubborn(lab, port, tmp_path)
    agent = lab.agent_pid()
    started = time.monotonic()
    below = lab.below(agent)
    Path(f"/proc/{agent}").stat()
    signal_to(agent)
    wait_for("end of the agent", lambda: not alive(agent), 25)
    print(f"{lab.release}: agent ended after {time.monotonic() - started:.2f} s")
    assert not any(alive(pid) for pid in below)
    wait_for("its last word", lambda: lab.report().get("slots_wanted", 0) == 0)


def signal_to(pid: int) -> None:
    """Ask a process to end."""
    subprocess.run(["kill", f"-{signal.SIGTERM:d}", str(pid)], check=True)


def test_task_that_kills_its_worker_is_counted_and_refused(lab: Lab, port: int) -> None:
    """Each loss of a worker is counted for the task that ran; after three it fails without a word of a controller."""
    lab.start_agent(slots=1)
    flow = Makeflow(lab, "killer0000", ["kill -9 $LMSVC_WORKER_PID; sleep 60", "true"], port)
    lab.allocate({flow: 1})
    key = f"{flow.project}/s.0000"
    wait_for("three losses", lambda: lab.report().get("lost", {}).get(key, 0) >= LOSSES_TO_REFUSE, 60)
    items = [status["items"][0] for status in flow.wait(60)]
    assert [item["state"] for item in items] == ["failed", "succeeded"]
    assert "lost its worker 3 times" in items[0]["reason"]


def test_spare_takes_over_at_once(lab: Lab) -> None:
    """When a slot dies a spare one takes its place at once, and a factory makes a new spare."""
    lab.start_agent()
    victim = lab.states()[0]["pid"]
    wait_for("spare", lambda: len(lab.spare()) == 1)
    kill(victim)
    started = time.monotonic()
    wait_for("new slot", lambda: len(lab.states()) == 2 and victim not in {state["pid"] for state in lab.states()})
    print(f"{lab.release}: slot replaced after {time.monotonic() - started:.2f} s")
    assert time.monotonic() - started < 10


@pytest.mark.slow
def test_factory_replaces_a_dead_slot(lab: Lab) -> None:
    """The factory of a dead slot starts another in its next cycle, which becomes the spare."""
    lab.start_agent(slots=1)
    wait_for("spare", lambda: len(lab.spare()) == 1)
    kill(lab.states()[0]["pid"])
    started = time.monotonic()
    wait_for("spare in the role of slot", lambda: len(lab.states()) == 1 and not lab.spare())
    wait_for("new spare", lambda: len(lab.spare()) == 1, 90)
    print(f"{lab.release}: spare replaced after {time.monotonic() - started:.1f} s")


def test_second_agent_of_a_pool_is_refused(lab: Lab) -> None:
    """Two agents cannot serve one pool directory."""
    lab.start_agent()
    words = [
        sys.executable,
        "-m",
        "lmsvc.worker.agent",
        "--pool",
        "default",
        "--pool-dir",
        str(lab.pool),
        "--slots",
        "1",
    ]
    more = ["--host", "h1", "--catalog", f"127.0.0.1:{lab.port}", "--controllers", "127.0.0.1", "--memory-mb", "9"]
    last = ["--disk-mb", "9", "--password-file", str(lab.password)]
    command = [*words, *more, *last]
    result = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60, cwd=trixie.PROJECT)
    assert result.returncode == 1
    assert "another agent serves" in result.stderr
