"""Several controllers at one catalog: each tells what it asks for, one shares the slots out for all."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lmsvc.controller.board import ALLOCATION_RECORD, Board
from lmsvc.controller.demand import Demand
from lmsvc.controller.peers import DEMAND_RECORD, FRESH_SECONDS, Peers
from lmsvc.planning.allocation import ManagerDemand
from tests.controller.test_board import agent, demand, lab, page_of
from tests.worker.lab import Lab, send_from, wait_for

pytestmark = pytest.mark.cctools
__all__ = ["lab"]
FOREIGN = "127.0.0.2"


class Controller:
    """The side of a controller that others see."""

    def __init__(self, lab: Lab, host: str) -> None:
        """Begin with nothing asked for."""
        self.peers = Peers(lab.client, host, {"127.0.0.1"})
        self.board = Board(lab.client, self.peers, page_of())
        self.demands: list[Demand] = []

    def tick(self) -> None:
        """Do once what a controller does with the catalog."""
        self.board.look(time.monotonic(), busy=True)
        self.board.publish(self.demands, time.monotonic())

    def known(self) -> int:
        """Return how many controllers it knows, with itself."""
        return self.peers.count(time.monotonic())

    def leads(self) -> bool:
        """Return whether it leads now."""
        return self.peers.leads(time.monotonic())


@pytest.fixture
def two(lab: Lab) -> Iterator[tuple[Controller, Controller]]:
    """Give two controllers that know each other, and four slots."""
    lab.client.update(agent("h1", 4))
    alpha, beta = Controller(lab, "alpha"), Controller(lab, "beta")
    wait_for("each other", lambda: ticked(alpha, beta) and (alpha.known(), beta.known()) == (2, 2))
    assert (alpha.leads(), beta.leads()) == (True, False)
    yield alpha, beta


def ticked(*controllers: Controller) -> bool:
    """Let controllers do their work once."""
    for one in controllers:
        one.tick()
    return True


def shares(lab: Lab) -> dict[str, int]:
    """Return the slots of each project in the newest allocation."""
    records = lab.client.query([ALLOCATION_RECORD])
    newest: dict[str, Any] = max(records, key=lambda record: record["serial"], default={"managers": {}})
    return {project: sum(entry["hosts"].values()) for project, entry in newest["managers"].items()}


def forged(host: str, *demands: dict[str, Any]) -> dict[str, Any]:
    """Return a record that says what a controller asks for."""
    return {"type": DEMAND_RECORD, "uuid": f"demand-{host}", "port": 0, "host": host, "managers": list(demands)}


def test_the_leader_shares_slots_among_the_managers_of_all(lab: Lab, two: tuple[Controller, Controller]) -> None:
    """The managers of both controllers get equal shares; only the leader publishes."""
    alpha, beta = two
    alpha.demands, beta.demands = [demand("lm-sdm-a-s-0-1")], [demand("lm-sdm-b-s-0-1")]
    wait_for("shares", lambda: ticked(alpha, beta) and shares(lab) == {"lm-sdm-a-s-0-1": 2, "lm-sdm-b-s-0-1": 2})
    (record,) = lab.client.query([ALLOCATION_RECORD])
    assert record["managers"]["lm-sdm-b-s-0-1"]["address"] == "127.0.0.1"


def test_the_other_leads_when_the_leader_is_not_heard_from(lab: Lab, two: tuple[Controller, Controller]) -> None:
    """Who is gone without a word is missed within 15 s, and its demands with it; slots at work stay where they are."""
    alpha, beta = two
    alpha.demands, beta.demands = [demand("lm-sdm-a-s-0-1")], [demand("lm-sdm-b-s-0-1")]
    wait_for("shares", lambda: ticked(alpha, beta) and len(shares(lab)) == 2)
    started = time.monotonic()
    wait_for("the other leads", lambda: ticked(beta) and lab_alive(lab) and shares(lab) == {"lm-sdm-b-s-0-1": 4}, 20)
    print(f"failover: {time.monotonic() - started:.1f} s")
    assert time.monotonic() - started < 15
    assert beta.leads()


def lab_alive(lab: Lab) -> bool:
    """Keep the agent's record fresh."""
    lab.client.update(agent("h1", 4))
    return True


def test_a_controller_that_ends_is_not_waited_for(two: tuple[Controller, Controller]) -> None:
    """A leader that says that it ends is followed at once."""
    alpha, beta = two
    alpha.peers.leave()
    started = time.monotonic()
    wait_for("the other leads", lambda: ticked(beta) and beta.leads(), 5)
    assert time.monotonic() - started < FRESH_SECONDS / 2


def test_a_new_leader_begins_with_what_the_slots_do(lab: Lab) -> None:
    """Where the odd slot is decided anew, it stays with the manager it works for."""
    at_work = [{"slot": f"h1-{number}", "manager": {"project": "lm-sdm-b-s-0-1"}} for number in range(2)]
    at_work += [{"slot": "h1-2", "manager": {"project": "lm-sdm-a-s-0-1"}}]
    lab.client.update({**agent("h1", 3), "slots": at_work})
    alpha = Controller(lab, "alpha")
    wait_for("capacity", lambda: ticked(alpha) and alpha.board.capacity("sdm") == {"h1": 3})
    fresh = Controller(lab, "aardvark")
    fresh.demands = [demand("lm-sdm-a-s-0-1"), demand("lm-sdm-b-s-0-1")]
    wait_for("shares", lambda: ticked(fresh) and shares(lab) == {"lm-sdm-a-s-0-1": 1, "lm-sdm-b-s-0-1": 2})


def test_nobody_leads_from_a_foreign_address(lab: Lab, two: tuple[Controller, Controller]) -> None:
    """A forged demand of a smaller name takes the lead from nobody, and its manager gets no slot; nor does garbage."""
    alpha, beta = two
    alpha.demands = [demand("lm-sdm-a-s-0-1")]
    manager = {"project": "lm-sdm-evil-s-0-1", "pool": "sdm", "user": "x", "job": "x", "tasks": 99, "port": 9200}
    send_from(FOREIGN, lab.port, forged("aaa", manager))
    send_from(FOREIGN, lab.port, {**forged("alpha"), "ended": True})
    wait_for("forged records", lambda: len(lab.client.query([DEMAND_RECORD])) == 4)
    lab.client.update(forged("zeta", {"project": 1}))
    wait_for("shares", lambda: ticked(alpha, beta) and shares(lab) == {"lm-sdm-a-s-0-1": 4})
    assert (alpha.leads(), beta.leads()) == (True, False)
    assert alpha.known() == 2


def test_a_demand_is_told_whole(lab: Lab, two: tuple[Controller, Controller]) -> None:
    """What one controller asks for is what the other hears, hosts and password included."""
    alpha, beta = two
    manager = ManagerDemand("lm-sdm-b-s-0-1", "sdm", "zoë", "b", 3, "small", frozenset({"h1", "h2"}))
    beta.demands = [Demand(manager, 9300, "0123456789abcdef")]
    heard = [Demand(manager, 9300, "0123456789abcdef", "127.0.0.1")]
    wait_for("demand", lambda: ticked(alpha, beta) and alpha.peers.demands(time.monotonic()) == heard)


def test_a_lone_controller_waits_for_nobody(lab: Lab, tmp_path: Path) -> None:
    """The first tick of a controller that is alone already shares the slots out."""
    lab.client.update(agent("h1", 4))
    wait_for("record", lambda: lab.client.query(["lm_agent"]))
    alone = Controller(lab, str(tmp_path.name)[:5])
    alone.demands = [demand("lm-sdm-a-s-0-1")]
    alone.tick()
    wait_for("shares", lambda: shares(lab) == {"lm-sdm-a-s-0-1": 4}, 1)
