"""A pool between two passwords, and records that others forge."""

import time
from pathlib import Path

import pytest

from lmsvc.cctools.password import fingerprint
from tests.worker.lab import HOST, Lab, Makeflow, send_from, wait_for

pytestmark = pytest.mark.cctools


def entry(flow: Makeflow, password: Path, slots: int = 1) -> dict[str, object]:
    """Return what an allocation says of a makeflow that was started with a password."""
    return {"port": flow.port, "hosts": {HOST: slots}, "password": fingerprint(password), "address": "127.0.0.1"}


def test_slots_join_each_manager_by_its_own_password(lab: Lab, port: int) -> None:
    """Managers of the current and of the previous password get work done; one of a third is not joined, said once."""
    previous, third = lab.secret("previous", "secret of before\n"), lab.secret("third", "neither")
    lab.start_agent(2, "--previous-password-file", str(previous))
    passwords = {"current000": lab.password, "previous00": previous, "third00000": third}
    flows = {
        job: Makeflow(lab, job, ["true"], port + 100 * at, password)
        for at, (job, password) in enumerate(passwords.items())
    }
    managers = {flow.project: entry(flow, passwords[job]) for job, flow in flows.items()}
    lab.allocate({}, managers=managers)
    for job in ("current000", "previous00"):
        assert [status["items"][0]["state"] for status in flows[job].wait(30)] == ["succeeded"]
    stranger = flows["third00000"]
    lab.allocate({}, managers={stranger.project: entry(stranger, third, slots=2)})
    wait_for("idle slots", lambda: all(state["state"] == "idle" for state in lab.states()))
    time.sleep(1.5)
    assert stranger.statuses() == []
    assert all(state["state"] == "idle" for state in lab.states())
    said = [line for line in (lab.directory / "log").read_text().splitlines() if "not joined" in line]
    assert len(said) == 1
    assert stranger.project in said[0]
    assert sorted(lab.report()["passwords"]) == sorted(map(fingerprint, (lab.password, previous)))


def test_a_flood_of_forged_records_moves_no_slot(lab: Lab, port: int) -> None:
    """Newer allocations, managers and agents from another address change nothing for slots that have work."""
    lab.start_agent()
    flow = Makeflow(lab, "flooded000", ["sleep 1"] * 6, port)
    lab.allocate({}, managers={flow.project: entry(flow, lab.password, slots=2)})
    wait_for("running tasks", lambda: all(state["task"] for state in lab.states()))
    evil = {"port": port + 1, "hosts": {HOST: 2}}
    head = {"port": 0, "lifetime": 120, "pool": "default"}
    for number in range(30):
        name = f"lm-default-evil{number}-s-0-1"
        share = {**head, "type": "lm_allocation", "serial": 10**15 + number, "managers": {name: evil}, "refuse": {}}
        manager = {"type": "wq_master", "project": name, "port": port + 1, "lifetime": 120, "starttime": "never"}
        agent = {**head, "type": "lm_agent", "host": HOST, "slots": "none", "lost": number}
        for record in (share, manager, agent):
            send_from("127.0.0.2", lab.port, {**record, "uuid": f"{record['type']}-{number}"})
    wait_for("forged records", lambda: len(lab.client.query(["lm_allocation"])) > 1)
    joined: set[str] = set()
    while flow.process.poll() is None:
        joined |= {state["manager"]["project"] for state in lab.states() if state["manager"]}
        time.sleep(0.1)
    assert joined == {flow.project}
    assert [status["items"][0]["state"] for status in flow.statuses()] == ["succeeded"] * 6
