"""Scaling seen in a real catalog: what the leader publishes for pools whose bounds, hosts and work change."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from lmsvc.controller.board import ALLOCATION_RECORD, Board
from lmsvc.controller.demand import Demand
from lmsvc.planning.allocation import ManagerDemand
from lmsvc.pools import PoolsPage
from lmsvc.settings import Settings
from tests.controller.test_board import agent, board_of, lab, page_of, seen
from tests.worker.lab import Lab, wait_for

pytestmark = pytest.mark.cctools
__all__ = ["lab"]
ROOM = {"host_cores": 4, "host_memory_mb": 16000}


def wants(pool: str, tasks: int) -> Demand:
    """Return what the only manager of a pool asks for."""
    return Demand(ManagerDemand(f"lm-{pool}-j-s-0-1", pool, "user", pool, tasks), 9200)


def told(lab: Lab, pool: str) -> dict[str, Any]:
    """Return the newest allocation of a pool, empty while there is none."""
    records = [record for record in lab.client.query([ALLOCATION_RECORD]) if record["pool"] == pool]
    return max(records, key=lambda record: record["serial"], default={})


def offered(lab: Lab, board: Board, *demands: Demand) -> bool:
    """Let a controller look and publish once."""
    seen(board)
    board.publish(demands, time.monotonic())
    return True


def slots(record: dict[str, Any]) -> dict[str, int]:
    """Return the slots by host that managers have."""
    found: dict[str, int] = {}
    for entry in record.get("managers", {}).values():
        for host, number in entry["hosts"].items():
            found[host] = found.get(host, 0) + number
    return found


def test_what_is_kept_is_told_by_host_with_the_last_action(lab: Lab) -> None:
    """The least slots are kept without work; with work the record says how many, where, and why they are more."""
    board = board_of(lab.client, page_of({"sdm": {"slots": {"min": 1, "max": 3}}}))
    lab.client.update(agent("one", 0, **ROOM))
    wait_for("least", lambda: offered(lab, board) and told(lab, "sdm").get("keep") == {"one": 1})
    offered(lab, board, wants("sdm", 10))
    wait_for("growth", lambda: told(lab, "sdm").get("keep") == {"one": 3})
    record = told(lab, "sdm")
    assert slots(record) == {"one": 3}
    assert record["action"]["reason"] == "grew from 1 to 3: 10 tasks wait"
    assert abs(record["action"]["time"] - time.time()) < 30


def test_a_host_that_two_pools_share_is_never_given_twice(lab: Lab) -> None:
    """The second pool's managers get cores only when the first one's agent has said that it uses fewer."""
    pools = {"sdm": {"slots": {"max": 4}}, "occ": {"slots": {"max": 4}}}
    board = board_of(lab.client, page_of(pools))
    for pool in pools:
        lab.client.update(agent("one", 4, pool=pool, serial=0, **ROOM))
    wait_for("all for one", lambda: offered(lab, board, wants("sdm", 9)) and slots(told(lab, "sdm")) == {"one": 4})
    both = (wants("sdm", 9), wants("occ", 9))
    wait_for("less for one", lambda: offered(lab, board, *both) and slots(told(lab, "sdm")) == {"one": 2})
    for _ in range(5):
        offered(lab, board, *both)
        assert slots(told(lab, "occ")) == {}
    lab.client.update(agent("one", 4, pool="sdm", serial=told(lab, "sdm")["serial"], **ROOM))
    wait_for("its part", lambda: offered(lab, board, *both) and slots(told(lab, "occ")) == {"one": 2})


def test_a_new_leader_goes_on_where_the_last_one_left_off(lab: Lab) -> None:
    """Serials rise, the last action stays, and what the last leader granted is nobody else's."""
    pools = {"sdm": {"slots": {"max": 4}}, "occ": {"slots": {"max": 4}}}
    first = board_of(lab.client, page_of(pools))
    for pool in pools:
        lab.client.update(agent("one", 4, pool=pool, serial=0, **ROOM))
    wait_for("nothing", lambda: offered(lab, first) and told(lab, "sdm").get("keep") == {"one": 0})
    wait_for("all for one", lambda: offered(lab, first, wants("sdm", 9)) and slots(told(lab, "sdm")) == {"one": 4})
    before = told(lab, "sdm")
    second = board_of(lab.client, page_of(pools))
    wait_for(
        "a word of the new one", lambda: offered(lab, second, wants("occ", 9)) and told(lab, "occ").get("managers")
    )
    wait_for("the other's too", lambda: told(lab, "sdm")["serial"] > before["serial"])
    after = told(lab, "sdm")
    assert (slots(after), slots(told(lab, "occ"))) == ({}, {})
    assert after["action"] == before["action"]


def test_a_changed_page_is_told_without_a_restart(lab: Lab, tmp_path: Path) -> None:
    """Bounds, drained hosts and a pool that is taken off the page reach the agents from the files alone."""
    page, drained = tmp_path / "pools.json", tmp_path / "drained.json"
    board = board_of(lab.client, PoolsPage(Settings(pools_file=page)))
    page.write_text(json.dumps({"pools": {"sdm": {"slots": 1}}}))
    lab.client.update(agent("one", 0, **ROOM))
    wait_for("least", lambda: offered(lab, board) and told(lab, "sdm").get("keep") == {"one": 1})
    page.write_text(json.dumps({"pools": {"sdm": {"slots": 3}}}))
    wait_for("more", lambda: offered(lab, board) and told(lab, "sdm")["keep"] == {"one": 3})
    drained.write_text(json.dumps({"hosts": ["one"]}))
    wait_for("none", lambda: offered(lab, board) and told(lab, "sdm")["keep"] == {})
    assert told(lab, "sdm")["action"]["reason"] == "shrank from 3 to 0: host one drained"
    drained.unlink()
    wait_for("again", lambda: offered(lab, board) and told(lab, "sdm")["keep"] == {"one": 3})
    page.write_text(json.dumps({"pools": {}}))
    wait_for("gone", lambda: offered(lab, board) and told(lab, "sdm")["keep"] == {})


def test_an_agent_that_has_ended_gets_nothing(lab: Lab) -> None:
    """The last word of an agent takes its host out at once, though the catalog shows the record for a while."""
    board = board_of(lab.client)
    lab.client.update(agent("one", 2, **ROOM))
    wait_for("share", lambda: offered(lab, board, wants("sdm", 9)) and slots(told(lab, "sdm")) == {"one": 4})
    lab.client.update({**agent("one", 0, **ROOM), "slots_wanted": 0, "lifetime": 1})
    started = time.monotonic()
    wait_for("none", lambda: offered(lab, board, wants("sdm", 9)) and told(lab, "sdm")["keep"] == {}, 10)
    assert time.monotonic() - started < 5


def test_bounds_are_told_to_whoever_submits_jobs(lab: Lab) -> None:
    """A pool that no host serves yet is told of too, for its slots come when a batch system starts them."""
    board = board_of(lab.client, page_of({"sdm": {"slots": {"min": 1, "max": 3}, "backend": "slurm"}}))
    wait_for("bounds", lambda: offered(lab, board) and told(lab, "sdm").get("bounds") == {"min": 1, "max": 3})


def test_a_host_that_tells_of_no_room_any_more_is_given_up(lab: Lab) -> None:
    """A job of a batch system whose time is nearly over: its slot loses its manager, and is kept no longer."""
    board = board_of(lab.client, page_of({"sdm": {"slots": {"min": 1, "max": 3}, "backend": "slurm"}}))
    lab.client.update(agent("node-7", 1, host_cores=1, host_memory_mb=4000))
    wait_for("work", lambda: offered(lab, board, wants("sdm", 9)) and slots(told(lab, "sdm")) == {"node-7": 1})
    lab.client.update(agent("node-7", 1, host_cores=0, host_memory_mb=0))
    wait_for("no work", lambda: offered(lab, board, wants("sdm", 9)) and slots(told(lab, "sdm")) == {})
    wait_for("no slot", lambda: not told(lab, "sdm")["keep"].get("node-7") or not offered(lab, board, wants("sdm", 9)))
