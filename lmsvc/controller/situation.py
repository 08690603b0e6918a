"""What there is to share: the pools with their bounds, the hosts with their room, and which host serves which pool."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from lmsvc.controller.agents import AgentReport
from lmsvc.planning.bounds import HostRoom, PoolBounds
from lmsvc.planning.spread import Spread, spread
from lmsvc.settings import PoolSettings


@dataclass(frozen=True)
class Situation:
    """Agents and pools at one moment.

    Attributes:
        bounds: of each pool.
        rooms: what the slots of all pools may use of each host together.
        serving: for each pool the hosts that can have slots now: allowed to, heard from and not drained.
        drained: for each pool the hosts that could if they were not drained.
        agents: what each agent says, by pool and host.
    """

    bounds: Mapping[str, PoolBounds]
    rooms: Mapping[str, HostRoom]
    serving: Mapping[str, frozenset[str]]
    drained: Mapping[str, frozenset[str]]
    agents: Mapping[tuple[str, str], AgentReport]

    @classmethod
    def of(
        cls, agents: Sequence[AgentReport], pools: Mapping[str, PoolSettings], drained: frozenset[str]
    ) -> "Situation":
        """Put together what agents say and what the pools page says."""
        bounds = {name: bounds_of(pool) for name, pool in pools.items()}
        heard = {
            name: frozenset(agent.host for agent in agents if agent.pool == name and pool.may_use(agent.host))
            for name, pool in bounds.items()
        }
        return cls(
            bounds,
            _rooms(agents),
            {name: hosts - drained for name, hosts in heard.items()},
            {name: hosts & drained for name, hosts in heard.items()},
            {(agent.pool, agent.host): agent for agent in agents},
        )

    @cached_property
    def away(self) -> Mapping[str, int]:
        """How many tasks of each project run where its pool gets no more slots: on hosts that are drained or left."""
        found = Counter[str]()
        for (pool, host), agent in self.agents.items():
            if host not in self.serving.get(pool, ()):
                found.update(agent.working)
        return found

    @cached_property
    def spread(self) -> Spread:
        """Where the pools' least and most slots are among the hosts that serve them."""
        pools = {
            name: replace(pool, hosts=self.serving[name]) for name, pool in self.bounds.items() if self.serving[name]
        }
        return spread(pools, self.rooms)

    def reach(self, pool: str, hosts: frozenset[str] | None = None) -> int:
        """Return how many slots a pool could have if no other had any, on some hosts or on all."""
        most = self.spread.most.get(pool, {})
        slots = sum(slots for host, slots in most.items() if hosts is None or host in hosts)
        return min(slots, self.bounds[pool].most) if pool in self.bounds else 0


def bounds_of(pool: PoolSettings) -> PoolBounds:
    """Return a pool's bounds."""
    hosts = None if pool.hosts is None else frozenset(pool.hosts)
    return PoolBounds(pool.cores, pool.memory_mb, pool.slots.min, pool.slots.max, hosts, pool.gpus)


def _rooms(agents: Sequence[AgentReport]) -> dict[str, HostRoom]:
    """Return the room of each host: the largest that an agent tells of; where none does, what its slots take."""
    rooms: dict[str, HostRoom] = {}
    for host in {agent.host for agent in agents}:
        own = [agent for agent in agents if agent.host == host]
        told = [agent.room for agent in own if agent.room]
        cores, memory_mb, gpus = (sum(agent.slots * agent.shape[at] for agent in own) for at in range(3))
        rooms[host] = HostRoom(*(max(each) for each in zip(*(told or [(cores, memory_mb, gpus)]), strict=True)))
    return rooms
