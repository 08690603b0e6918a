"""Slots find work at once and move between managers without losing a task."""

import json
import statistics
import time
from collections import Counter
from pathlib import Path

import pytest

from lmsvc.worker.step_runner import extract
from tests.worker.lab import HOST, PATH, Lab, Makeflow, send_from, wait_for

pytestmark = pytest.mark.cctools

LARGE = 30
"""Tasks of a large job, a second each."""


def _note(path: Path) -> str:
    return f"echo s >>{path}; sleep 0.9; echo e >>{path}"


@pytest.mark.slow
def test_first_task_starts_at_once(lab: Lab, port: int) -> None:
    """A task starts a moment after its makeflow, with 50 stale records in the catalog."""
    lab.start_agent()
    for number in range(50):
        stale = {"type": "wq_master", "uuid": f"stale-{number}", "port": 20900 + number, "lifetime": 120}
        lab.client.update(
            {**stale, "project": f"lm-default-stale{number:05d}-s-0-1", "starttime": 1, "tasks_waiting": 9}
        )
    taken = []
    for number in range(10):
        key = (f"lm-default-first0000{number}-s-0-1", port)
        lab.allocate({key: 2})
        flow = Makeflow(lab, f"first0000{number}", ["true"], port)
        taken.append(flow.wait(30)[0]["started"] - flow.started)
        lab.allocate({})
        wait_for("idle slots", lambda: all(state["state"] == "idle" for state in lab.states()))
    print(f"{lab.release}: start to first task, s:", [round(one, 2) for one in taken])
    assert statistics.median(taken) < 1.5


@pytest.mark.slow
def test_small_job_is_served_while_a_large_one_holds_every_slot(lab: Lab, port: int, tmp_path: Path) -> None:
    """One slot moves to a job of one task between two tasks of the large one, which loses none and runs none twice."""
    lab.start_agent()
    large = Makeflow(lab, "large00000", [_note(tmp_path / f"a{number}") for number in range(LARGE)], port)
    lab.allocate({large: 2})
    wait_for("tasks of the large job", lambda: len(large.statuses()) > 3)
    small = Makeflow(lab, "small00000", ["true"], port + 400)
    lab.allocate({large: 1, small: 1})
    small.wait(30)
    seconds = time.time() - small.started
    print(f"{lab.release}: small job done in {seconds:.2f} s")
    assert seconds < 15
    lab.allocate({large: 2})
    items = [status["items"][0] for status in large.wait(5 * LARGE)]
    assert [item["state"] for item in items] == ["succeeded"] * LARGE
    assert Counter(path.read_text() for path in tmp_path.glob("a*")) == {"s\ne\n": LARGE}


def test_drained_slots_finish_their_task(lab: Lab, port: int, tmp_path: Path) -> None:
    """Slots taken from a manager end the task they run, begin no other, and are idle then."""
    lab.start_agent()
    flow = Makeflow(lab, "drain00000", [_note(tmp_path / f"a{number}") for number in range(20)], port)
    lab.allocate({flow: 2})
    wait_for("running tasks", lambda: all(state["task"] for state in lab.states()))
    lab.allocate({})
    wait_for("idle slots", lambda: all(state["state"] == "idle" for state in lab.states()))
    assert {path.read_text() for path in tmp_path.glob("a*")} == {"s\ne\n"}
    wait_for("the agent's word", lambda: [slot["state"] for slot in lab.report()["slots"]] == ["idle", "idle"])


def test_assignments_survive_a_restarted_catalog(lab: Lab, port: int) -> None:
    """Slots stay with a manager the controller vouches for though a new catalog has not heard of it yet."""
    lab.start_agent()
    flow = Makeflow(lab, "restart000", ["sleep 1"] * 6, port)
    lab.allocate({flow: 2})
    wait_for("running tasks", lambda: all(state["task"] for state in lab.states()))
    lab.catalog.kill()
    lab.catalog.wait()
    lab.start_catalog()
    lab.allocate({flow: 2})
    assert [status["items"][0]["state"] for status in flow.wait(30)] == ["succeeded"] * 6


def test_records_that_nobody_vouches_for_are_ignored(lab: Lab, port: int) -> None:
    """A manager outside the allocation, one at another port, and records from a foreign address get no slot."""
    lab.start_agent()
    foreign = {"type": "wq_master", "uuid": "foreign", "port": port + 1, "lifetime": 120, "starttime": 1}
    send_from("127.0.0.2", lab.port, {**foreign, "project": "lm-default-forged0000-s-0-1"})
    wait_for("foreign manager", lambda: lab.client.query(["wq_master"])[0]["address"] == "127.0.0.2")
    flow = Makeflow(lab, "forged0000", ["true"], port)
    wait_for("registered manager", lambda: len(lab.client.query(["wq_master"])) == 2)
    lab.allocate({(flow.project, port + 1): 2})
    time.sleep(1.5)
    assert [state["state"] for state in lab.states()] == ["idle", "idle"]
    lab.allocate({flow: 2}, pool="other", uuid="allocation-other")
    share = {flow.project: {"port": port, "hosts": {HOST: 2}}}
    allocation = {"type": "lm_allocation", "uuid": "allocation-default", "port": 0, "lifetime": 120, "pool": "default"}
    send_from("127.0.0.2", lab.port, {**allocation, "serial": 99, "managers": share})
    time.sleep(1.5)
    assert [state["state"] for state in lab.states()] == ["idle", "idle"]
    assert flow.statuses() == []


def test_manager_with_another_password_gets_no_worker(lab: Lab, port: int) -> None:
    """A manager that does not know the pool's password runs nothing on its slots."""
    lab.start_agent()
    flow = Makeflow(lab, "stranger00", ["true"], port, lab.secret("other", "another secret"))
    lab.allocate({flow: 2})
    wait_for("an attempt", lambda: all(state["manager"] for state in lab.states()))
    time.sleep(3)
    assert flow.statuses() == []
    lab.allocate({})
    wait_for("idle slots", lambda: all(state["state"] == "idle" for state in lab.states()))


def test_refused_task_fails_with_the_reason_and_does_not_run(lab: Lab, port: int, tmp_path: Path) -> None:
    """A task the controller refuses comes back failed by that reason, whatever its letters."""
    lab.start_agent(slots=1)
    reason = "lost its worker 3 times: Ñandú «x»"
    key = ("lm-default-refused000-s-0-1", port)
    lab.allocate({key: 1}, refuse={f"{key[0]}/s.0000": reason})
    flow = Makeflow(lab, "refused000", [f"touch {tmp_path}/ran"], port)
    item = flow.wait(30)[0]["items"][0]
    assert (item["state"], item["reason"]) == ("failed", reason)
    assert not (tmp_path / "ran").exists()
    assert json.loads((lab.pool / "slots" / f"{HOST}-1" / "assignment.json").read_text())["manager"]


def test_tasks_see_nothing_of_the_services_environment(lab: Lab, port: int) -> None:
    """Variables of the agent stay with it, but for the few that tasks need."""
    lab.start_agent(slots=1)
    flow = Makeflow(lab, "env0000000", ["env"], port)
    lab.allocate({flow: 1})
    (status,) = flow.wait(30)
    extract(flow.directory / "s.0000.tar", status["items"][0]["stdout"], lab.directory / "env")
    seen = dict(line.split("=", 1) for line in (lab.directory / "env").read_text().splitlines() if "=" in line)
    assert "LMSVC_DATABASE_URL" not in seen
    assert "PYTHONPATH" not in seen
    assert (seen["LMSVC_HOST"], seen["LMSVC_PROJECT"], seen["PATH"]) == (HOST, flow.project, PATH)
