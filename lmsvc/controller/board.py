"""The catalog as a message board: agents say what slots they have, the controller says which manager they work for."""

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lmsvc import losses
from lmsvc.cctools.catalog import CatalogClient, CatalogUnreachable
from lmsvc.controller.agents import AgentReport, read_agents
from lmsvc.controller.demand import Demand
from lmsvc.controller.leader import Leader, Share, granted, is_readable
from lmsvc.controller.missing import Missing
from lmsvc.controller.peers import DEMAND_RECORD, Peers
from lmsvc.controller.situation import Situation
from lmsvc.doorbell import ring_far
from lmsvc.pools import PoolsPage
from lmsvc.worker.report import AGENT_RECORD

ALLOCATION_RECORD = "lm_allocation"
DONE_RECORD = "lm_done"
FRESH_SECONDS = 15.0
REPEAT_SECONDS = 5.0
LOOK_SECONDS_BUSY = 0.25
LOOK_SECONDS_IDLE = 2.0
RECORD_LIFETIME_SECONDS = 120
LED = frozenset({AGENT_RECORD, DEMAND_RECORD})
FOLLOWED = LED | {ALLOCATION_RECORD}
"""What is read from the catalog where this controller leads, and where it does not or has just begun."""

log = logging.getLogger(__name__)


class Board:
    """Reads the records of agents and controllers; where this controller leads, publishes one allocation per pool."""

    def __init__(self, catalog: CatalogClient, peers: Peers, page: PoolsPage) -> None:
        """Speak to a catalog.

        Args:
            catalog: where the records are.
            peers: the other controllers.
            page: the pools.
        """
        self._catalog = catalog
        self._peers = peers
        self._page = page
        self._agents: Sequence[AgentReport] = []
        self._allocations: Sequence[Mapping[str, Any]] = []
        self._situation = Situation.of([], {}, frozenset())
        self._seen: tuple[object, ...] = ()
        self._leader: Leader | None = None
        self._missing = Missing()
        self._lost: Mapping[str, Mapping[str, float]] = {}
        self._looked = float("-inf")
        self._published: dict[str, tuple[float, int, dict[str, Any]]] = {}
        self._serial = int(time.time() * 1000)
        self._heard = False
        self.reachable = False

    def look(self, now: float, *, busy: bool) -> None:
        """Read the records again, if the last look is long enough ago."""
        if now - self._looked < (LOOK_SECONDS_BUSY if busy else LOOK_SECONDS_IDLE):
            return
        self._looked = now
        try:
            records = self._catalog.query(FOLLOWED if self._leader is None else LED)
        except CatalogUnreachable as error:
            if self.reachable:
                log.warning("catalog unreachable: %s", error)
            self.reachable = False
            return
        self.reachable = self._heard = True
        self._peers.take(records, now)
        self._missing.note(records, self._catalog.now())
        self._lost = self._missing.lost(self._catalog.now())
        self._agents = read_agents(self._catalog.fresh(records, self._catalog.now(), FRESH_SECONDS))
        told = [record for record in records if record.get("type") == ALLOCATION_RECORD]
        self._allocations = [record for record in told if self._peers.trusts(record) and is_readable(record)]

    @property
    def situation(self) -> Situation:
        """The pools and agents as they are now."""
        seen = (self._agents, self._page.pools(), self._page.drained())
        if any(new is not old for new, old in zip(seen, self._seen, strict=False)) or not self._seen:
            found = Situation.of(*seen)
            self._situation = self._situation if found == self._situation else found
            self._seen = seen
        return self._situation

    def capacity(self, pool: str) -> dict[str, int]:
        """Return the slots of a pool that are alive, by host."""
        return {agent.host: agent.slots for agent in self._agents if agent.pool == pool and agent.slots}

    def granted(self, pool: str) -> dict[str, int]:
        """Return the slots of a pool that may work, by host, as the newest allocation known here says."""
        if self._leader is not None:
            return granted(self._published[pool][2].get("managers", {})) if pool in self._published else {}
        own = [record for record in self._allocations if record["pool"] == pool]
        newest = max(own, key=lambda record: int(record["serial"]), default=None)
        return granted(newest["managers"]) if newest else {}

    def refused(self) -> dict[str, str]:
        """Return the tasks that lost their worker too often, with the reason to give."""
        return losses.refused(losses.total(agent.lost for agent in self._agents))

    def publish(self, demands: Sequence[Demand], now: float) -> None:
        """Tell what this controller's managers ask for; where it leads, share the slots among all and tell the agents.

        Nothing is shared out before the catalog has said once who else is there.
        """
        self._peers.tell(demands, now)
        if not self._heard or not self._peers.leads(now):
            self._leader = None
            return
        own = [replace(demand, address=self._peers.address) for demand in demands]
        asked = {demand.manager.project: demand for demand in (*self._peers.demands(now), *own)}
        self._share_out(self._lead(), asked, now)

    def _lead(self) -> Leader:
        if self._leader is None:
            self._leader = Leader(self._allocations, self._agents)
            self._serial = max(self._serial, self._leader.last_serial)
        return self._leader

    def _share_out(self, leader: Leader, asked: Mapping[str, Demand], now: float) -> None:
        situation = self.situation
        shares = leader.share_out(situation, self._reachable(asked.values()), now)
        gone = {pool: Share({}, {}, None) for pool in self._published if pool not in shares}
        refused = self.refused()
        for pool, share in {**shares, **gone}.items():
            listed = {project: _entry(asked[project], hosts) for project, hosts in share.managers.items()}
            bounds = situation.bounds.get(pool)
            told = {"min": bounds.least, "max": bounds.most} if bounds else {"min": 0, "max": 0}
            known = {"bounds": told, "action": share.action, "lost": self._lost.get(pool)}
            shown = {name: value for name, value in known.items() if value}
            self._tell(leader, pool, {"managers": listed, "refuse": refused, "keep": dict(share.keep), **shown}, now)

    def _reachable(self, demands: Iterable[Demand]) -> list[Demand]:
        """Return demands for no host whose slots do not know their password."""
        found = []
        strange: dict[tuple[str, str], bool] = {}
        for demand in demands:
            key = demand.manager.pool, demand.password
            if key not in strange:
                strange[key] = any(not agent.knows(demand.password) for agent in self._of(demand.manager.pool))
            found.append(self._restricted(demand) if strange[key] else demand)
        return found

    def _restricted(self, demand: Demand) -> Demand:
        manager = demand.manager
        knowing = frozenset(agent.host for agent in self._of(manager.pool) if agent.knows(demand.password))
        hosts = knowing if manager.hosts is None else manager.hosts & knowing
        return replace(demand, manager=replace(manager, hosts=hosts))

    def _of(self, pool: str) -> list[AgentReport]:
        return [agent for agent in self._agents if agent.pool == pool]

    def remove_manager(self, port: int) -> None:
        """Replace the record that a finished manager leaves in the catalog for minutes."""
        self._send({"type": DONE_RECORD, "port": port, "lifetime": 1})

    def _tell(self, leader: Leader, pool: str, content: dict[str, Any], now: float) -> None:
        sent, serial, before = self._published.get(pool, (float("-inf"), 0, {}))
        changed = content != before
        if not changed and now - sent < REPEAT_SECONDS:
            return
        if changed:
            serial = self._serial = self._serial + 1
            leader.sent(pool, serial, granted(content["managers"]))
        head = {"type": ALLOCATION_RECORD, "uuid": f"allocation-{pool}", "port": 0, "pool": pool}
        held = {"held": found} if (found := leader.held(pool)) else {}
        told = self._send({**head, "lifetime": RECORD_LIFETIME_SECONDS, "serial": serial, **content, **held})
        self._published[pool] = (now, serial, content if told else {})
        if changed:
            self._ring(pool, serial)

    def _ring(self, pool: str, serial: int) -> None:
        """Wake the agents of a pool on all hosts: there is another allocation."""
        for bell in filter(None, (agent.bell for agent in self._of(pool))):
            ring_far(*bell, serial)

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
