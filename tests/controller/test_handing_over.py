"""Cores change hands between pools while agents are slow and tasks end when they like: no host ever runs too much."""

import random
from dataclasses import dataclass
from typing import Any

import pytest

from lmsvc.controller.agents import AgentReport
from lmsvc.controller.demand import Demand
from lmsvc.controller.leader import Leader, granted
from lmsvc.planning.allocation import ManagerDemand
from tests.controller.situations import report, situation

POOLS: dict[str, dict[str, Any]] = {
    "one": {"slots": {"min": 1, "max": 20}},
    "two": {"slots": {"max": 6}, "cores": 2},
    "three": {"slots": {"min": 0, "max": 16}, "memory_mb": 4000, "gpus": 1},
    "four": {"slots": {"min": 1, "max": 4}, "gpus": 2},
}
HOSTS = ("alpha", "beta")
CORES, MEMORY_MB, GPUS = 8, 16000, 3


@dataclass
class Agent:
    """One pool's slots on one host: told late, heard late, and its tasks end when they end."""

    pool: str
    host: str
    serial: int = 0
    may: int = 0
    working: int = 0

    def apply(self, record: dict[str, Any]) -> None:
        """Do as an allocation says: more at once, fewer as tasks end."""
        self.serial, self.may = record["serial"], granted(record["managers"]).get(self.host, 0)

    def work(self, rng: random.Random) -> None:
        """Begin tasks while it may; some end."""
        if self.working > self.may:
            self.working -= rng.random() < 0.2
        else:
            self.working = rng.randint(self.working, self.may)

    def report(self) -> AgentReport:
        """Say how things stand."""
        return report(self.pool, self.host, 0, self.working, serial=self.serial, host_gpus=GPUS)


class Lab:
    """A leader, the catalog's records, and agents that look there now and then."""

    def __init__(self, seed: int, changes_of_leader: float = 0.0) -> None:
        """Begin with idle agents; another controller leads from then on with some probability at each step."""
        self.changes_of_leader = changes_of_leader
        self.rng = random.Random(seed)
        self.agents = [Agent(pool, host) for pool in POOLS for host in HOSTS]
        self.heard = [agent.report() for agent in self.agents]
        self.records: dict[str, dict[str, Any]] = {}
        self.serial = 0
        self.leader = Leader([], self.heard)

    def step(self, now: float, demands: list[Demand]) -> None:
        """Let a while pass in which anybody may do something."""
        for number, agent in enumerate(self.agents):
            if agent.pool in self.records and self.rng.random() < 0.3:
                agent.apply(self.records[agent.pool])
            agent.work(self.rng)
            if self.rng.random() < 0.3:
                self.heard[number] = agent.report()
        if self.rng.random() < self.changes_of_leader:
            self.leader = Leader(list(self.records.values()), self.heard)
        shares = self.leader.share_out(situation(POOLS, self.heard), demands, now)
        for pool, share in shares.items():
            self.tell(pool, {name: {"hosts": dict(hosts)} for name, hosts in share.managers.items()})

    def tell(self, pool: str, managers: dict[str, Any]) -> None:
        """Publish a pool's allocation where it changed."""
        if self.records.get(pool, {}).get("managers") != managers:
            self.serial += 1
            self.leader.sent(pool, self.serial, granted(managers))
            held = self.leader.held(pool)
            self.records[pool] = {"pool": pool, "serial": self.serial, "managers": managers, "held": held}

    def used(self, host: str) -> tuple[int, int, int]:
        """Return the cores, memory and GPUs that are at work on a host."""
        own = [(agent.working, POOLS[agent.pool]) for agent in self.agents if agent.host == host]
        cores = sum(slots * pool.get("cores", 1) for slots, pool in own)
        memory_mb = sum(slots * pool.get("memory_mb", 2000) for slots, pool in own)
        return cores, memory_mb, sum(slots * pool.get("gpus", 0) for slots, pool in own)


def wants(rng: random.Random) -> list[Demand]:
    """Return what some pools' managers ask for."""
    return [
        Demand(ManagerDemand(f"lm-{pool}-{job}-s-0-1", pool, f"u{job}", f"{pool}{job}", rng.randint(0, 20)), 9200)
        for pool in POOLS
        for job in range(rng.randint(0, 3))
    ]


@pytest.mark.parametrize("seed", range(12))
def test_no_host_ever_runs_more_than_it_has_room_for(seed: int) -> None:
    """However late agents hear and are heard, and whoever leads, what works together on a host fits it."""
    lab = Lab(seed, changes_of_leader=0.02)
    demands: list[Demand] = []
    for step in range(250):
        if step % 6 == 0:
            demands = wants(lab.rng)
        lab.step(step * 0.25, demands)
        for host in HOSTS:
            cores, memory_mb, gpus = lab.used(host)
            assert cores <= CORES, (step, lab.agents)
            assert memory_mb <= MEMORY_MB, (step, lab.agents)
            assert gpus <= GPUS, (step, lab.agents)


@pytest.mark.parametrize("seed", range(4))
def test_everybody_gets_there_in_the_end(seed: int) -> None:
    """With work for all that lasts, each pool has its part after a while, whatever others had before."""
    lab = Lab(seed)
    for step in range(100):
        lab.step(step * 0.25, wants(lab.rng) if step < 60 else [])
    greedy = Demand(ManagerDemand("lm-one-g-s-0-1", "one", "g", "g", 50), 9200)
    for step in range(100, 150):
        lab.step(step * 0.25, [greedy])
    lasting = [Demand(ManagerDemand(f"lm-{pool}-j-s-0-1", pool, pool, pool, 50), 9200) for pool in POOLS]
    for step in range(150, 300):
        lab.step(step * 0.25, lasting)
    for agent in lab.agents:
        assert agent.working <= agent.may
    for pool, own in POOLS.items():
        slots = sum(agent.may for agent in lab.agents if agent.pool == pool)
        part = 2 * GPUS // 4 if own.get("gpus") else 2 * CORES // len(POOLS) - 1
        assert slots * own.get("cores", 1) >= part, (pool, lab.agents)
