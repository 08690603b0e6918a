"""What the leading controller decides: who gets which slots, how many are kept alive where, and why that changed."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lmsvc.controller.agents import AgentReport, alive, working
from lmsvc.controller.demand import Demand
from lmsvc.controller.grants import Grants
from lmsvc.controller.keeping import Keeping, needed
from lmsvc.controller.scaling import PoolState, Scaling
from lmsvc.controller.situation import Situation
from lmsvc.planning.allocation import Allocation, ManagerDemand
from lmsvc.planning.bounds import HostRoom, PoolBounds
from lmsvc.planning.sharing import Alive, Decision, decide

Record = Mapping[str, Any]
SlotsByHost = Mapping[str, int]
_Question = tuple[
    Sequence[ManagerDemand],
    Mapping[str, PoolBounds],
    Mapping[str, HostRoom],
    Mapping[str, frozenset[str]],
    Allocation,
    Mapping[str, SlotsByHost],
    Mapping[str, Mapping[str, Alive]],
]
"""What is decided on, in the order of `decide`."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Share:
    """What is decided for one pool.

    Attributes:
        managers: slots by project and host.
        keep: slots to keep alive, by host.
        action: the last scaling action.
    """

    managers: Mapping[str, SlotsByHost]
    keep: SlotsByHost
    action: Record | None


class Leader:
    """Decides, for as long as this controller leads."""

    def __init__(
        self, allocations: Sequence[Record], agents: Sequence[AgentReport], clock: Callable[[], float] = time.time
    ) -> None:
        """Begin where the controller that led before left off.

        Args:
            allocations: its records in the catalog, as `is_readable` finds them.
            agents: what the agents' slots do.
            clock: epoch seconds, for scaling actions.
        """
        self._clock = clock
        self._grants = Grants()
        newest = {
            str(record["pool"]): record for record in sorted(allocations, key=lambda record: int(record["serial"]))
        }
        known = list(newest.values())
        for record in known:
            self._grants.resume(str(record["pool"]), _held(record))
            self.sent(str(record["pool"]), int(record["serial"]), granted(record["managers"]))
        kept = {str(record["pool"]): record["keep"] for record in known if "keep" in record}
        actions = {str(record["pool"]): record["action"] for record in known if record.get("action")}
        self._keeping = Keeping(kept)
        self._scaling = Scaling(actions, {pool: sum(hosts.values()) for pool, hosts in kept.items()})
        self._allocation: Allocation = working(agents)
        self._decision = Decision({}, {}, {})
        self._question: _Question | None = None
        self._led = set(newest)
        self._inputs: tuple[object, ...] = ()
        self._faults: list[str] = []
        told = [int(record["serial"]) for record in known] + [agent.serial or 0 for agent in agents]
        self.last_serial = max(told, default=0)

    def sent(self, pool: str, serial: int, slots: SlotsByHost) -> None:
        """Note that an allocation was sent that lets a pool use so many slots by host."""
        self._grants.send(pool, serial, slots)
        self._inputs = ()

    def held(self, pool: str) -> dict[str, list[tuple[int, int]]]:
        """Return by host the grants that a pool may go by besides what was sent last, for the next leader to know."""
        return self._grants.unacknowledged(pool)

    def share_out(self, situation: Situation, demands: Sequence[Demand], now: float) -> dict[str, Share]:
        """Decide for every pool; ``now`` in monotonic seconds."""
        demands = [_here(demand, situation.away.get(demand.manager.project, 0)) for demand in demands]
        managers = [demand.manager for demand in demands]
        if self._inputs != (situation, managers):
            self._inputs = (situation, managers)
            self._decide(situation, managers)
        own: dict[str, list[Demand]] = {pool: [] for pool in situation.bounds}
        for demand in demands:
            own.setdefault(demand.manager.pool, []).append(demand)
        shares = {pool: self._share(pool, situation, own[pool], now) for pool in situation.bounds}
        return {**dict.fromkeys(self._ending(situation), Share({}, {}, None)), **shares}

    def _ending(self, situation: Situation) -> dict[str, PoolBounds]:
        """Return the pools that have left the page while agents of theirs are there; of no other is an agent believed.

        What they still hold of a host is nobody else's; they get nothing more.
        """
        self._led |= situation.bounds.keys()
        found = dict[str, PoolBounds]()
        for (pool, _), agent in situation.agents.items():
            if pool in self._led and pool not in situation.bounds:
                before = found.get(pool, PoolBounds(1, 1, 0, 0))
                own = (before.cores, before.memory_mb, before.gpus)
                cores, memory_mb, gpus = map(max, own, agent.shape)
                found[pool] = replace(before, cores=cores, memory_mb=memory_mb, gpus=gpus)
        return found

    def _decide(self, situation: Situation, managers: Sequence[ManagerDemand]) -> None:
        for (pool, host), agent in situation.agents.items():
            self._grants.acknowledge(pool, host, agent.serial)
        held: dict[str, dict[str, int]] = {}
        for (pool, host), agent in situation.agents.items():
            held.setdefault(pool, {})[host] = self._grants.held(pool, host, agent.at_work)
        pools = {**self._ending(situation), **situation.bounds}
        there, serving = alive(situation.agents.values()), situation.serving
        self._decide_on((managers, pools, situation.rooms, serving, self._allocation, held, there))
        self._complain(situation.spread.faults)

    def _decide_on(self, question: _Question) -> None:
        """Decide, unless just that was decided last: agents tell more than what is decided on."""
        if question != self._question:
            self._decision = decide(*question)
            self._allocation, self._question = self._decision.managers, question

    def _complain(self, faults: list[str]) -> None:
        for fault in faults:
            if fault not in self._faults:
                log.warning("%s", fault)
        self._faults = faults

    def _share(self, pool: str, situation: Situation, own: Sequence[Demand], now: float) -> Share:
        least, most = situation.spread.least.get(pool, {}), situation.bounds[pool].most
        hosts = situation.serving[pool]
        keep = self._keeping.keep(pool, needed(self._decision.granted.get(pool, {}), least, hosts), most, now)
        wanted = needed(self._decision.target.get(pool, {}), least, hosts)
        state = self._state(pool, situation, own, sum(wanted.values()), sum(keep.values()))
        self._scaling.note(pool, state, self._clock())
        return Share(self._allocation.get(pool, {}), keep, self._scaling.last(pool))

    def _state(self, pool: str, situation: Situation, own: Sequence[Demand], wanted: int, kept: int) -> PoolState:
        bounds = situation.bounds[pool]
        could_use = min(sum(demand.manager.tasks for demand in own), situation.reach(pool))
        squeezed = could_use > sum(self._decision.target.get(pool, {}).values())
        return PoolState(
            slots=wanted if squeezed else max(wanted, kept),
            least=bounds.least,
            most=bounds.most,
            hosts=situation.serving[pool],
            drained=situation.drained[pool],
            waiting=sum(demand.manager.tasks - demand.running for demand in own),
            rivals=self._rivals(pool, situation) if squeezed else (),
        )

    def _rivals(self, pool: str, situation: Situation) -> tuple[str, ...]:
        """Return the other pools that use hosts of a pool."""
        hosts = situation.serving[pool]
        targets = self._decision.target.items()
        return tuple(sorted(other for other, slots in targets if other != pool and not hosts.isdisjoint(_used(slots))))


def granted(managers: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Return the slots by host that the managers of an allocation's record may use."""
    slots: dict[str, int] = {}
    for entry in managers.values():
        for host, number in entry["hosts"].items():
            slots[host] = slots.get(host, 0) + int(number)
    return slots


def is_readable(record: Record) -> bool:
    """Return whether a record is an allocation as controllers write it."""
    try:
        granted(record["managers"])
        numbers = [record["serial"], *record.get("keep", {}).values()]
        numbers += [
            number for grants in _held(record).values() for serial, slots in grants for number in (serial, slots)
        ]
        return isinstance(record["pool"], str) and all(isinstance(number, int) for number in numbers)
    except (KeyError, TypeError, ValueError, AttributeError):
        return False


def _held(record: Record) -> dict[str, list[list[int]]]:
    """Return the grants by host that a record tells of; an earlier version's are slots alone, from the beginning on."""
    told = record.get("held", {})
    return {host: [[0, grants]] if isinstance(grants, int) else grants for host, grants in told.items()}


def _here(demand: Demand, away: int) -> Demand:
    """Return a demand without tasks that run where there are no slots to give: they need none of those there are."""
    if not away:
        return demand
    manager = replace(demand.manager, tasks=max(0, demand.manager.tasks - away))
    return replace(demand, manager=manager, running=max(0, demand.running - away))


def _used(slots: SlotsByHost) -> set[str]:
    return {host for host, number in slots.items() if number}
