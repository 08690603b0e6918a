"""What a leading controller decides for pools that share hosts."""

from collections.abc import Mapping
from typing import Any
from unittest.mock import Mock

import pytest

from lmsvc.controller.agents import AgentReport
from lmsvc.controller.demand import Demand
from lmsvc.controller.keeping import IDLE_KEEP_SECONDS, needed
from lmsvc.controller.leader import Leader, Share, granted
from lmsvc.controller.situation import Situation
from lmsvc.planning.allocation import ManagerDemand
from lmsvc.planning.sharing import decide
from tests.controller.situations import report, situation

BOTH = {"sdm": {"slots": {"min": 2, "max": 8}}, "occ": {"slots": {"min": 2, "max": 8}}}


def wants(pool: str, tasks: int, running: int = 0) -> Demand:
    """Return what the only manager of a pool asks for."""
    return Demand(ManagerDemand(f"lm-{pool}-j-s-0-1", pool, "user", pool, tasks), 9200, running=running)


class Lead:
    """A leader, and agents that do as they are told, on one host of eight cores."""

    def __init__(self, pools: Mapping[str, Any] = BOTH, leader: Leader | None = None) -> None:
        """Begin with agents that do nothing."""
        self.pools = pools
        self.leader = leader or Leader([], [], clock=lambda: 0.0)
        self.working: dict[str, int] = dict.fromkeys(pools, 0)
        self.applied: dict[str, int] = dict.fromkeys(pools, 0)
        self.serial = 0
        self.drained: list[str] = []

    def agents(self) -> list[AgentReport]:
        """Return what the agents say."""
        return [report(pool, "one", 0, self.working[pool], serial=self.applied[pool]) for pool in self.pools]

    def decide(self, now: float, *demands: Demand) -> dict[str, Share]:
        """Let it decide, and note that its decision was sent."""
        there: Situation = situation(self.pools, self.agents(), self.drained)
        shares = self.leader.share_out(there, demands, now)
        self.serial += 1
        for pool, share in shares.items():
            self.leader.sent(
                pool, self.serial, granted({name: {"hosts": hosts} for name, hosts in share.managers.items()})
            )
        return shares


def slots(share: Share) -> int:
    """Return how many slots managers have."""
    return sum(sum(hosts.values()) for hosts in share.managers.values())


def test_the_same_question_is_decided_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Allocations that are sent again and acknowledged need no new decision; another number of tasks does."""
    counted = Mock(wraps=decide)
    monkeypatch.setattr("lmsvc.controller.leader.decide", counted)
    lead = Lead()
    for second in range(9):
        lead.applied = dict.fromkeys(lead.pools, lead.serial)
        lead.decide(float(second), wants("sdm", 6))
    before = counted.call_count
    assert 1 <= before <= 3
    assert slots(lead.decide(9.0, wants("sdm", 5))["sdm"]) == 5
    assert counted.call_count == before + 1


def test_an_idle_pool_keeps_its_least_and_grows_with_its_work() -> None:
    """Without work the least is kept; with work as many as it needs, with the number of waiting tasks as the reason."""
    lead = Lead()
    assert lead.decide(0.0)["sdm"] == Share({}, {"one": 2}, None)
    share = lead.decide(1.0, wants("sdm", 6, running=1))["sdm"]
    assert (slots(share), dict(share.keep)) == (6, {"one": 6})
    assert share.action == {"time": 0.0, "from": 2, "to": 6, "reason": "grew from 2 to 6: 5 tasks wait"}


def test_slots_without_work_end_after_a_while() -> None:
    """When the work is done the slots stay for a while, and then the least is left, which is said."""
    lead = Lead()
    lead.decide(0.0, wants("sdm", 6))
    assert dict(lead.decide(1.0)["sdm"].keep) == {"one": 6}
    share = lead.decide(1.1 + IDLE_KEEP_SECONDS)["sdm"]
    assert dict(share.keep) == {"one": 2}
    assert share.action is not None
    assert share.action["reason"] == "shrank from 6 to 2: nothing to do for 10 s"


def test_slots_that_are_alive_get_tasks_and_idle_ones_are_given_up_first() -> None:
    """One task goes where a slot is warm already, and with fewer tasks the slots at work stay, wherever they are."""
    for idle, busy in (("alpha", "beta"), ("beta", "alpha")):
        there = situation(BOTH, [report("sdm", idle, 0), report("sdm", busy, 1)])
        share = Leader([], []).share_out(there, [wants("sdm", 1)], 0.0)["sdm"]
        assert share.managers == {"lm-sdm-j-s-0-1": {busy: 1}}
        leader = Leader([], [report("sdm", "alpha", 0, 3), report("sdm", "beta", 0, 3)])
        there = situation(BOTH, [report("sdm", idle, 3), report("sdm", busy, 0, 3)])
        share = leader.share_out(there, [wants("sdm", 3)], 0.0)["sdm"]
        assert share.managers == {"lm-sdm-j-s-0-1": {busy: 3}}


def test_cores_are_handed_over_only_when_they_are_free() -> None:
    """A pool that comes later gets its part once the other's agent has applied less and its tasks have ended."""
    lead = Lead()
    lead.decide(0.0, wants("sdm", 99))
    lead.applied["sdm"], lead.working["sdm"] = 1, 8
    shares = lead.decide(1.0, wants("sdm", 99), wants("occ", 99))
    assert (slots(shares["sdm"]), slots(shares["occ"])) == (4, 0)
    assert shares["sdm"].action is not None
    assert shares["sdm"].action["reason"] == "shrank from 8 to 4: pool occ has work"
    lead.working["sdm"] = 5
    assert slots(lead.decide(1.1, wants("sdm", 99), wants("occ", 99))["occ"]) == 0
    lead.applied["sdm"] = 2
    assert slots(lead.decide(1.2, wants("sdm", 99), wants("occ", 99))["occ"]) == 3
    lead.working["sdm"], lead.applied["occ"] = 4, 4
    assert slots(lead.decide(1.3, wants("sdm", 99), wants("occ", 99))["occ"]) == 4


def test_a_new_leader_holds_what_the_last_one_granted() -> None:
    """Whoever takes over gives nobody what an agent may just have been told to use."""
    told = {"pool": "sdm", "serial": 7, "managers": {"lm-sdm-j-s-0-1": {"hosts": {"one": 8}}}, "keep": {"one": 8}}
    lead = Lead(leader=Leader([told], [], clock=lambda: 0.0))
    lead.serial = lead.leader.last_serial
    assert lead.serial == 7
    shares = lead.decide(0.0, wants("occ", 99))
    assert slots(shares["occ"]) == 0
    lead.applied["sdm"] = lead.serial
    assert slots(lead.decide(0.1, wants("occ", 99))["occ"]) == 8


def test_a_drained_host_keeps_nothing_and_gets_nothing() -> None:
    """From the moment a host is drained it has no share and no slot to keep, however much work there is."""
    lead = Lead()
    lead.decide(0.0, wants("sdm", 6))
    lead.drained = ["one"]
    share = lead.decide(0.1, wants("sdm", 6))["sdm"]
    assert (slots(share), dict(share.keep)) == (0, {})
    assert share.action is not None
    assert share.action["reason"] == "shrank from 6 to 0: host one drained"


def test_tasks_that_end_on_a_drained_host_ask_for_no_slots_elsewhere() -> None:
    """A pool whose tasks still run on a drained host gets slots for the others; what it cannot use goes to a rival."""
    agents = [report("sdm", "alpha", 0, 4), report("sdm", "beta"), report("occ", "beta")]
    there, demands = situation(BOTH, agents, ["alpha"]), [wants("sdm", 5, running=4), wants("occ", 9)]
    shares = Leader([], []).share_out(there, demands, 0.0)
    assert {pool: slots(share) for pool, share in shares.items()} == {"sdm": 1, "occ": 7}


def test_a_pool_scaled_to_nothing_has_no_slots() -> None:
    """New bounds count at once, for slots at work and idle ones."""
    lead = Lead()
    lead.decide(0.0, wants("sdm", 6))
    lead.pools = {**BOTH, "sdm": {"slots": 0}}
    share = lead.decide(0.1, wants("sdm", 6))["sdm"]
    assert (slots(share), dict(share.keep)) == (0, {"one": 0})
    assert share.action is not None
    assert share.action["reason"] == "shrank from 6 to 0: bounds changed, 2 to 8 before, 0 now"


@pytest.mark.parametrize("taken_over", [False, True])
def test_a_pool_that_left_the_page_holds_its_cores_until_its_tasks_have_ended(taken_over: bool) -> None:
    """Its agent is told to keep nothing; others get its cores as its tasks end, whoever leads."""
    lead = Lead()
    lead.decide(0.0, wants("sdm", 5))
    told = {"pool": "sdm", "serial": 1, "managers": {"lm-sdm-j-s-0-1": {"hosts": {"one": 5}}}, "keep": {"one": 5}}
    agents = [report("sdm", "one", 0, 5, serial=0), report("occ", "one", serial=0)]
    leader = Leader([told], agents) if taken_over else lead.leader
    for serial, working, free in ((0, 5, 3), (0, 2, 3), (2, 2, 6), (2, 0, 8)):
        agents = [report("sdm", "one", 0, working, serial=serial), report("occ", "one", serial=9)]
        shares = leader.share_out(situation({"occ": BOTH["occ"]}, agents), [wants("occ", 99)], 1.0)
        assert shares["sdm"] == Share({}, {}, None)
        assert slots(shares["occ"]) == free
        leader.sent("sdm", 2, {})


def test_agents_of_pools_that_nobody_knows_hold_nothing() -> None:
    """Whoever writes to the catalog takes no cores by a pool of his own making."""
    agents = [report("mine", "one", 0, 8), report("occ", "one")]
    shares = Leader([], agents).share_out(situation({"occ": BOTH["occ"]}, agents), [wants("occ", 99)], 1.0)
    assert {pool: slots(share) for pool, share in shares.items()} == {"occ": 8}


def test_idle_slots_are_kept_only_where_those_at_work_are_too_few() -> None:
    """The least is made up of slots at work first, wherever they are."""
    hosts = frozenset({"one", "two"})
    assert needed({}, {"one": 2}, hosts) == {"one": 2, "two": 0}
    assert needed({"two": 1}, {"one": 2}, hosts) == {"one": 1, "two": 1}
    assert needed({"two": 5}, {"one": 2}, hosts) == {"one": 0, "two": 5}
    assert needed({"two": 5}, {"one": 2}, frozenset({"one"})) == {"one": 2}
