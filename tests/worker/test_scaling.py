"""Slots come and go while tasks run."""

import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from lmsvc.worker.files import PoolFiles
from lmsvc.worker.health import missing_slots
from tests.worker.lab import HOST, Lab, Makeflow, alive, is_slot, kill, wait_for

pytestmark = pytest.mark.cctools


def _note(path: Path, seconds: float = 0.9) -> str:
    return f"echo s >>{path}; sleep {seconds}; echo e >>{path}"


def _settled(lab: Lab, slots: int) -> bool:
    """Return whether there are exactly so many slots, with a factory each, and a spare process where there are any."""
    processes = slots + 1 if slots else 0
    found = [pid for pid in lab.below(lab.agent_pid()) if is_slot(pid)]
    return len(lab.states()) == slots and len(found) == len(lab.factories()) == processes


def _settle(lab: Lab, slots: int, seconds: float = 30) -> float:
    """Wait until there are exactly so many slots; return after how long."""
    started = time.monotonic()
    wait_for(f"{slots} slots and nothing beside them", lambda: _settled(lab, slots), seconds)
    return time.monotonic() - started


def _busy(lab: Lab) -> dict[str, Any]:
    """Wait until a task runs; return the state of its slot."""
    return wait_for("a running task", lambda: [state for state in lab.states() if state["task"]])[0]


def _told(lab: Lab, slots: int) -> dict[str, Any]:
    """Wait until the agent's record acknowledges what was allocated last and shows so many slots; return it."""

    def told() -> dict[str, Any] | None:
        record = lab.report()
        here = (record.get("serial"), record.get("slots_wanted"), len(record.get("slots", ())))
        return record if here == (lab.serial, slots, slots) else None

    return wait_for("the agent's word", told, 10) or {}


def test_slots_grow_beside_a_running_task(lab: Lab, port: int, tmp_path: Path) -> None:
    """More slots come in a moment, work at once, and the one at work is the process it was, with the task it had."""
    lab.start_agent(slots=1)
    flow = Makeflow(lab, "grow000000", [_note(tmp_path / f"a{number}", 4) for number in range(4)], port)
    lab.allocate({flow: 1}, keep={HOST: 1})
    before = _busy(lab)
    lab.allocate({flow: 4}, keep={HOST: 4})
    started = time.monotonic()
    wait_for("four running tasks", lambda: sum(bool(state["task"]) for state in lab.states()) == 4, 15)
    print(f"{lab.release}: from 1 slot to 4 at work in {time.monotonic() - started:.2f} s")
    after = next(state for state in lab.states() if state["slot"] == before["slot"])
    assert (after["pid"], after["task"], after["since"]) == (before["pid"], before["task"], before["since"])
    _told(lab, 4)
    assert [status["items"][0]["state"] for status in flow.wait(60)] == ["succeeded"] * 4
    assert Counter(path.read_text() for path in tmp_path.glob("a*")) == {"s\ne\n": 4}


def test_idle_slots_go_at_once_and_the_busy_one_stays(lab: Lab, port: int, tmp_path: Path) -> None:
    """Of four slots the three without a task go, with their factories, while the fourth goes on with its task."""
    lab.start_agent(slots=4)
    flow = Makeflow(lab, "idle000000", [_note(tmp_path / "a", 12)], port)
    lab.allocate({flow: 3}, keep={HOST: 4})
    busy = _busy(lab)
    lab.allocate({flow: 1}, keep={HOST: 1})
    print(f"{lab.release}: from 4 slots to 1 in {_settle(lab, 1, 10):.2f} s")
    (state,) = lab.states()
    assert (state["pid"], state["task"]) == (busy["pid"], busy["task"])
    _told(lab, 1)
    assert [status["items"][0]["state"] for status in flow.wait(60)] == ["succeeded"]
    assert (tmp_path / "a").read_text() == "s\ne\n"


def test_busy_slots_go_after_their_task(lab: Lab, port: int, tmp_path: Path) -> None:
    """Slots shrink from four to one and to none amid tasks; all are done, once each, after there are slots again."""
    lab.start_agent(slots=4)
    flow = Makeflow(lab, "shrink0000", [_note(tmp_path / f"a{number}") for number in range(16)], port)
    lab.allocate({flow: 4}, keep={HOST: 4})
    wait_for("four running tasks", lambda: sum(bool(state["task"]) for state in lab.states()) == 4)
    lab.allocate({flow: 1}, keep={HOST: 1})
    print(f"{lab.release}: from 4 busy slots to 1 in {_settle(lab, 1):.2f} s")
    wait_for("a task in the last slot", lambda: any(state["task"] for state in lab.states()))
    lab.allocate({}, keep={})
    _settle(lab, 0)
    assert {path.read_text() for path in tmp_path.glob("a*")} == {"s\ne\n"}
    assert _told(lab, 0)["slots"] == []
    assert missing_slots(PoolFiles(lab.pool)) == []
    assert flow.process.poll() is None
    lab.allocate({flow: 3}, keep={HOST: 3})
    assert [status["items"][0]["state"] for status in flow.wait(60)] == ["succeeded"] * 16
    assert Counter(path.read_text() for path in tmp_path.glob("a*")) == {"s\ne\n": 16}


def test_slots_on_their_way_out_can_stay(lab: Lab, port: int, tmp_path: Path) -> None:
    """Slots told to go amid a task, and to stay before it has ended, work on as the processes they were."""
    lab.start_agent(slots=2)
    flow = Makeflow(lab, "back000000", [_note(tmp_path / f"a{number}", 4) for number in range(4)], port)
    lab.allocate({flow: 2}, keep={HOST: 2})
    wait_for("running tasks", lambda: all(state["task"] for state in lab.states()))
    before = [state["pid"] for state in lab.states()]
    lab.allocate({}, keep={})
    wait_for("leaving slots", lambda: all(state["state"] == "leaving" for state in lab.states()))
    lab.allocate({flow: 2}, keep={HOST: 2})
    wait_for("working slots", lambda: all(state["state"] == "working" for state in lab.states()))
    assert [state["pid"] for state in lab.states()] == before
    assert [status["items"][0]["state"] for status in flow.wait(60)] == ["succeeded"] * 4
    assert Counter(path.read_text() for path in tmp_path.glob("a*")) == {"s\ne\n": 4}


def test_numbers_follow_one_another_quickly(lab: Lab) -> None:
    """However fast the number changes, in the end there are as many slots and processes as were said last."""
    lab.start_agent(slots=2)
    for number in (5, 1, 4, 0, 3, 6, 2):
        lab.allocate({}, keep={HOST: number})
        time.sleep(0.3)
    _settle(lab, 2)
    _told(lab, 2)


def test_slots_that_stay_keep_their_processes_and_their_spare(lab: Lab) -> None:
    """When idle slots go, those that stay are the processes they were; one that is killed then is replaced at once."""
    lab.start_agent(slots=4)
    before = {state["slot"]: state["pid"] for state in lab.states()}
    lab.allocate({}, keep={HOST: 2})
    _settle(lab, 2)
    assert before.items() >= {state["slot"]: state["pid"] for state in lab.states()}.items()
    victim = lab.states()[0]["pid"]
    kill(victim)
    wait_for("its successor", lambda: not alive(victim) and len(lab.states()) == 2, 10)


def test_the_number_is_remembered(lab: Lab) -> None:
    """Until an allocation is heard there are the slots of the command line; the next agent goes on with the last."""
    agent = lab.start_agent(slots=1)
    lab.allocate({}, keep={HOST: 3})
    _told(lab, 3)
    lab.allocate({})
    agent.terminate()
    agent.wait()
    lab.catalog.kill()
    lab.catalog.wait()
    lab.start_catalog()
    agent = lab.start_agent(1, expected=3)
    assert lab.report()["slots_wanted"] == 3
    lab.allocate({})
    assert _told(lab, 3)["serial"] == lab.serial


def test_losses_count_on_when_their_slot_is_gone(lab: Lab, port: int) -> None:
    """A task that lost its worker is told to the catalog also after its slot has gone."""
    lab.start_agent(slots=1)
    flow = Makeflow(lab, "losses0000", ["sleep 60"], port)
    lab.allocate({flow: 1}, keep={HOST: 1})
    kill(lab.below(_busy(lab)["pid"])[0])
    task = f"{flow.project}/s.0000"
    wait_for("the loss", lambda: lab.report().get("lost", {}).get(task) == 1)
    flow.process.terminate()
    flow.process.wait()
    lab.allocate({}, keep={})
    assert _told(lab, 0)["lost"] == {task: 1}
