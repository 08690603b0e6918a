"""The controller's side of the message board, against a real catalog server."""

import itertools
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lmsvc.cctools.catalog import CatalogClient
from lmsvc.controller.board import ALLOCATION_RECORD, FRESH_SECONDS, Board
from lmsvc.controller.demand import Demand
from lmsvc.controller.peers import Peers
from lmsvc.doorbell import FarDoorbell
from lmsvc.losses import LOSSES_TO_REFUSE
from lmsvc.planning.allocation import ManagerDemand
from lmsvc.pools import PoolsPage
from lmsvc.ports import free_ports
from lmsvc.settings import Settings
from tests.counted_ports import counted_ports
from tests.worker.lab import Lab, wait_for

pytestmark = pytest.mark.cctools
_ports = counted_ports(21200)
PROJECT = "lm-sdm-abcdefghij-model-0-1"


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """Give a catalog server."""
    one = Lab(tmp_path, next(_ports), "debian")
    yield one
    one.end()


def agent(host: str, slots: int, **more: object) -> dict[str, Any]:
    """Return an agent's record."""
    each = [{"slot": f"{host}-{number}", "state": "idle"} for number in range(slots)]
    pool = more.get("pool", "sdm")
    head = {"type": "lm_agent", "uuid": f"agent-{host}-{pool}", "port": 0, "lifetime": 120}
    shape = {"cores": 1, "memory_mb": 2000}
    return {**head, **shape, "pool": pool, "host": host, "slots": each, "lost": {}, **more}


def demand(project: str = PROJECT, tasks: int = 10) -> Demand:
    """Return a manager's demand."""
    return Demand(ManagerDemand(project, "sdm", "user", project.split("-")[2], tasks), 9200)


def allocation(lab: Lab) -> dict[str, Any]:
    """Return the allocation in the catalog."""
    records = lab.client.query([ALLOCATION_RECORD])
    return records[0] if records else {}


def page_of(pools: Mapping[str, object] | None = None) -> PoolsPage:
    """Return a page of pools; of one with up to 9 slots where none are given."""
    return PoolsPage(Settings.model_validate({"pools": pools or {"sdm": {"slots": {"max": 9}}}}))


def board_of(client: CatalogClient, page: PoolsPage | None = None, host: str = "one") -> Board:
    """Return the board of a controller."""
    return Board(client, Peers(client, host, {"127.0.0.1"}), page or page_of())


def seen(board: Board, pool: str = "sdm") -> dict[str, int]:
    """Look at the catalog now and return a pool's capacity."""
    board.look(time.monotonic() + 1000 * next(_looks), busy=True)
    return board.capacity(pool)


_looks = itertools.count(1)


def test_slots_of_all_hosts_are_shared_out(lab: Lab) -> None:
    """What the agents offer is the capacity, and what is published names every manager's port and slots by host."""
    board = board_of(lab.client)
    lab.client.update(agent("one", 2))
    lab.client.update(agent("two", 1))
    wait_for("capacity", lambda: seen(board) == {"one": 2, "two": 1})
    board.publish([demand()], time.monotonic())
    told = wait_for("allocation", lambda: allocation(lab))
    assert told["pool"] == "sdm"
    assert told["managers"] == {PROJECT: {"port": 9200, "hosts": {"one": 2, "two": 1}}}


def test_a_manager_gets_slots_only_where_its_password_is_known(lab: Lab) -> None:
    """While passwords change, a host whose slots do not know a manager's password gives it none."""
    board = board_of(lab.client)
    lab.client.update(agent("one", 2, passwords=["new", "old"]))
    lab.client.update(agent("two", 1, passwords=["old"]))
    lab.client.update(agent("six", 1))
    wait_for("capacity", lambda: seen(board) == {"one": 2, "two": 1, "six": 1})
    board.publish([replace(demand(), password="new")], time.monotonic())
    told = wait_for("allocation", lambda: allocation(lab))
    assert told["managers"] == {PROJECT: {"port": 9200, "hosts": {"one": 2, "six": 1}, "password": "new"}}


def test_records_that_cannot_be_read_do_not_count(lab: Lab) -> None:
    """Whatever anybody writes into the catalog as an agent, the others' slots are still seen."""
    board = board_of(lab.client)
    wrongs: list[dict[str, Any]] = [{"slots": 7}, {"slots": ["x"]}, {"lost": []}, {"host": None, "slots": None}]
    for number, wrong in enumerate(wrongs):
        lab.client.update({**agent("one", 1), "uuid": f"wrong-{number}", "host": f"wrong{number}", **wrong})
    wait_for("records", lambda: len(lab.client.query(["lm_agent"])) == 4)
    lab.client.update(agent("one", 2))
    wait_for("capacity", lambda: seen(board) == {"one": 2})


def test_a_pool_without_agents_has_no_slots(lab: Lab) -> None:
    """An agent that has ended leaves no capacity behind."""
    board = board_of(lab.client)
    lab.client.update(agent("one", 2))
    wait_for("capacity", lambda: seen(board) == {"one": 2})
    lab.client.update(agent("one", 0))
    wait_for("no capacity", lambda: seen(board) == {}, FRESH_SECONDS)


def test_a_change_rings_the_agents_and_a_repetition_does_not(lab: Lab) -> None:
    """Agents are rung with the serial of their allocation when it changes, and only then."""
    bell = FarDoorbell(("127.0.0.1", lab.port), {"127.0.0.1"})
    board = board_of(lab.client)
    lab.client.update(agent("one", 2, bell=bell.port))
    wait_for("capacity", lambda: seen(board) == {"one": 2})
    board.publish([demand()], time.monotonic())
    first = wait_for("ring", bell.heard) or 0
    assert wait_for("allocation", lambda: allocation(lab))["serial"] == first
    board.publish([demand()], time.monotonic() + 5)
    time.sleep(0.1)
    assert bell.heard() is None
    board.publish([], time.monotonic() + 6)
    assert (wait_for("ring", bell.heard) or 0) > first > 0
    bell.close()


@pytest.mark.parametrize("wrong", [0, 70000, "9000", [1], None])
def test_a_doorbell_that_cannot_be_is_not_rung(lab: Lab, wrong: object) -> None:
    """An agent may say anything of its doorbell: it is told its allocation all the same."""
    board = board_of(lab.client)
    lab.client.update(agent("one", 2, bell=wrong))
    wait_for("capacity", lambda: seen(board) == {"one": 2})
    board.publish([demand()], time.monotonic())
    assert wait_for("allocation", lambda: allocation(lab))["managers"]


def test_a_task_that_keeps_losing_its_worker_is_refused(lab: Lab) -> None:
    """Losses are added up over hosts; from the third on the allocation refuses the task with the reason."""
    board = board_of(lab.client)
    task = f"{PROJECT}/model.1.0000"
    lab.client.update(agent("one", 1, lost={task: LOSSES_TO_REFUSE - 1}))
    wait_for("capacity", lambda: seen(board) == {"one": 1})
    assert board.refused() == {}
    lab.client.update(agent("two", 1, lost={task: 1}))
    wait_for("both", lambda: seen(board) == {"one": 1, "two": 1})
    assert "lost its worker 3 times" in board.refused()[task]
    board.publish([demand()], time.monotonic())
    assert wait_for("allocation", lambda: allocation(lab))["refuse"] == board.refused()


def test_an_absent_catalog_is_noticed_and_survived() -> None:
    """Without a catalog the board says so, and publishing does no harm."""
    board = board_of(CatalogClient("127.0.0.1", free_ports(2), timeout=0.5))
    board.look(time.monotonic(), busy=True)
    board.publish([demand()], time.monotonic())
    assert not board.reachable
