"""The catalog as a message board: agents say what slots they have, the controller says which manager they work for."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lmsvc.cctools.catalog import CatalogClient, CatalogUnreachable
from lmsvc.doorbell import ring
from lmsvc.planning.allocation import Allocation, ManagerDemand, allocate

AGENT_RECORD = "lm_agent"
ALLOCATION_RECORD = "lm_allocation"
DONE_RECORD = "lm_done"
FRESH_SECONDS = 15.0
REPEAT_SECONDS = 5.0
LOOK_SECONDS_BUSY = 0.25
LOOK_SECONDS_IDLE = 2.0
RECORD_LIFETIME_SECONDS = 120
LOSSES_TO_REFUSE = 3

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Demand:
    """What one manager asks for, and where it listens."""

    manager: ManagerDemand
    port: int


class Board:
    """Reads the agents' records and publishes one allocation per pool."""

    def __init__(self, catalog: CatalogClient, pools: Sequence[str], doorbells: Mapping[str, Path]) -> None:
        """Speak to a catalog.

        Args:
            catalog: where the records are.
            pools: names of all pools.
            doorbells: of agents on this host, by pool; rung when an allocation changes.
        """
        self._catalog = catalog
        self._doorbells = doorbells
        self._agents: Sequence[Mapping[str, Any]] = []
        self._looked = float("-inf")
        self._published: dict[str, tuple[float, dict[str, Any]]] = {}
        self._pools = tuple(pools)
        self._allocation: Allocation = {}
        self._serial = int(time.time() * 1000)
        self.reachable = False

    def look(self, now: float, *, busy: bool) -> None:
        """Read the agents' records again, if the last look is long enough ago."""
        if now - self._looked < (LOOK_SECONDS_BUSY if busy else LOOK_SECONDS_IDLE):
            return
        self._looked = now
        try:
            records = self._catalog.query([AGENT_RECORD])
        except CatalogUnreachable as error:
            if self.reachable:
                log.warning("catalog unreachable: %s", error)
            self.reachable = False
            return
        self.reachable = True
        self._agents = self._catalog.fresh(records, self._catalog.now(), FRESH_SECONDS)

    def capacity(self, pool: str) -> dict[str, int]:
        """Return the slots of a pool that are alive, by host."""
        return {
            str(agent["host"]): len(agent["slots"])
            for agent in self._agents
            if agent.get("pool") == pool and agent.get("slots")
        }

    def refused(self) -> dict[str, str]:
        """Return the tasks that lost their worker too often, with the reason to give."""
        losses: dict[str, int] = {}
        for agent in self._agents:
            for task, count in agent.get("lost", {}).items():
                losses[task] = losses.get(task, 0) + int(count)
        return {
            task: f"the task lost its worker {count} times; it may kill it or its host"
            for task, count in losses.items()
            if count >= LOSSES_TO_REFUSE
        }

    def publish(self, demands: Sequence[Demand], now: float) -> None:
        """Share the slots among the managers and tell the agents; repeats itself every few seconds."""
        ports = {demand.manager.project: demand.port for demand in demands}
        refused = self.refused()
        capacity = {pool: self.capacity(pool) for pool in self._pools}
        self._allocation = allocate([demand.manager for demand in demands], capacity, self._allocation)
        for pool in self._pools:
            managers = {
                project: {"port": ports[project], "hosts": dict(hosts)}
                for project, hosts in self._allocation.get(pool, {}).items()
            }
            self._tell(pool, {"managers": managers, "refuse": refused}, now)

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
