"""The catalog as a message board: agents say what slots they have, the controller says which manager they work for."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lmsvc import losses
from lmsvc.cctools.catalog import CatalogClient, CatalogUnreachable
from lmsvc.controller.agents import AGENT_RECORD, AgentReport, read_agents
from lmsvc.controller.demand import Demand
from lmsvc.controller.peers import DEMAND_RECORD, Peers
from lmsvc.doorbell import ring
from lmsvc.planning.allocation import Allocation, ManagerDemand, allocate

ALLOCATION_RECORD = "lm_allocation"
DONE_RECORD = "lm_done"
FRESH_SECONDS = 15.0
REPEAT_SECONDS = 5.0
LOOK_SECONDS_BUSY = 0.25
LOOK_SECONDS_IDLE = 2.0
RECORD_LIFETIME_SECONDS = 120

log = logging.getLogger(__name__)


class Board:
    """Reads the records of agents and controllers; where this controller leads, publishes one allocation per pool."""

    def __init__(
        self, catalog: CatalogClient, peers: Peers, pools: Sequence[str], doorbells: Mapping[str, Path]
    ) -> None:
        """Speak to a catalog.

        Args:
            catalog: where the records are.
            peers: the other controllers.
            pools: names of all pools.
            doorbells: of agents on this host, by pool; rung when an allocation changes.
        """
        self._catalog = catalog
        self._peers = peers
        self._doorbells = doorbells
        self._agents: Sequence[AgentReport] = []
        self._looked = float("-inf")
        self._published: dict[str, tuple[float, dict[str, Any]]] = {}
        self._pools = tuple(pools)
        self._allocation: Allocation | None = None
        self._serial = int(time.time() * 1000)
        self._heard = False
        self.reachable = False

    def look(self, now: float, *, busy: bool) -> None:
        """Read the records again, if the last look is long enough ago."""
        if now - self._looked < (LOOK_SECONDS_BUSY if busy else LOOK_SECONDS_IDLE):
            return
        self._looked = now
        try:
            records = self._catalog.query([AGENT_RECORD, DEMAND_RECORD])
        except CatalogUnreachable as error:
            if self.reachable:
                log.warning("catalog unreachable: %s", error)
            self.reachable = False
            return
        self.reachable = self._heard = True
        self._peers.take(records, now)
        self._agents = read_agents(self._catalog.fresh(records, self._catalog.now(), FRESH_SECONDS))

    def capacity(self, pool: str) -> dict[str, int]:
        """Return the slots of a pool that are alive, by host."""
        return {agent.host: agent.slots for agent in self._agents if agent.pool == pool and agent.slots}

    def refused(self) -> dict[str, str]:
        """Return the tasks that lost their worker too often, with the reason to give."""
        return losses.refused(losses.total(agent.lost for agent in self._agents))

    def publish(self, demands: Sequence[Demand], now: float) -> None:
        """Tell what this controller's managers ask for; where it leads, share the slots among all and tell the agents.

        Nothing is shared out before the catalog has said once who else is there.
        """
        self._peers.tell(demands, now)
        if not self._heard or not self._peers.leads(now):
            self._allocation = None
            return
        own = [replace(demand, address=self._peers.address) for demand in demands]
        asked = {demand.manager.project: demand for demand in (*self._peers.demands(now), *own)}
        self._share_out(asked, now)

    def _share_out(self, asked: Mapping[str, Demand], now: float) -> None:
        previous = self._working() if self._allocation is None else self._allocation
        capacity = {pool: self.capacity(pool) for pool in self._pools}
        managers = [self._reachable(demand) for demand in asked.values()]
        self._allocation = allocate(managers, capacity, previous)
        refused = self.refused()
        for pool in self._pools:
            shares = self._allocation.get(pool, {})
            listed = {project: _entry(asked[project], hosts) for project, hosts in shares.items()}
            self._tell(pool, {"managers": listed, "refuse": refused}, now)

    def _working(self) -> Allocation:
        """Return the allocation as the slots have it now, from which a new leader begins."""
        found: Allocation = {}
        for agent in self._agents:
            for project, slots in agent.working.items():
                found.setdefault(agent.pool, {}).setdefault(project, {})[agent.host] = slots
        return found

    def _reachable(self, demand: Demand) -> ManagerDemand:
        """Return a manager that asks for no host whose slots do not know its password."""
        manager = demand.manager
        agents = [agent for agent in self._agents if agent.pool == manager.pool]
        knowing = frozenset(agent.host for agent in agents if agent.knows(demand.password))
        if len(knowing) == len(agents):
            return manager
        return replace(manager, hosts=knowing if manager.hosts is None else manager.hosts & knowing)

    def remove_manager(self, port: int) -> None:
        """Replace the record that a finished manager leaves in the catalog for minutes."""
        self._send({"type": DONE_RECORD, "port": port, "lifetime": 1})

    def _tell(self, pool: str, content: dict[str, Any], now: float) -> None:
        sent, before = self._published.get(pool, (float("-inf"), {}))
        changed = content != before
        if not changed and now - sent < REPEAT_SECONDS:
            return
        self._serial += 1
        head = {"type": ALLOCATION_RECORD, "uuid": f"allocation-{pool}", "port": 0, "pool": pool}
        told = self._send({**head, "lifetime": RECORD_LIFETIME_SECONDS, "serial": self._serial, **content})
        self._published[pool] = (now, content if told else {})
        if changed and pool in self._doorbells:
            ring(self._doorbells[pool])

    def _send(self, record: dict[str, Any]) -> bool:
        try:
            self._catalog.update(record)
        except CatalogUnreachable:
            return False
        return True


def _entry(demand: Demand, hosts: Mapping[str, int]) -> dict[str, Any]:
    """Return what an allocation says of a manager."""
    known = {"address": demand.address, "password": demand.password}
    told = {name: value for name, value in known.items() if value}
    return {"port": demand.port, "hosts": dict(hosts), **told}
