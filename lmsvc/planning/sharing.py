"""Shares the hosts between pools by demand, and each pool's slots between its managers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lmsvc.planning.allocation import Allocation, allocate
from lmsvc.planning.bounds import HostRoom, PoolBounds
from lmsvc.planning.demand import ManagerDemand

Slots = dict[str, dict[str, int]]
"""Pool to host to number of slots."""


@dataclass(frozen=True)
class Decision:
    """Who may use what."""

    target: Slots
    """Each pool's slots by host, once those that others hold are free."""
    granted: Slots
    """Each pool's slots by host that may work now."""
    managers: Allocation
    """The granted slots by pool, manager and host."""


def decide(
    demand: Sequence[ManagerDemand],
    pools: Mapping[str, PoolBounds],
    hosts: Mapping[str, HostRoom],
    serving: Mapping[str, frozenset[str]],
    previous: Allocation,
    held: Mapping[str, Mapping[str, int]],
) -> Decision:
    """Share the hosts between pools, and each pool's slots between its managers.

    Args:
        demand: one entry per manager.
        pools: bounds by the pool's name.
        hosts: room by the host's name.
        serving: for each pool the hosts whose agents can be told to use its slots.
        previous: the managers' slots of the decision that stands.
        held: for each pool and host the slots that may be at work still, granted now or not.
    """
    target: Slots = {pool: {} for pool in pools}
    asked = {pool: sum(each.tasks for each in demand if each.pool == pool) for pool in pools}
    free = {name: [room.cores, room.memory_mb] for name, room in hosts.items()}
    waiting = [pool for pool in pools if asked[pool] > 0]
    while waiting:
        name = min(waiting, key=lambda pool: (sum(target[pool].values()) * pools[pool].cores, pool))
        pool = pools[name]
        usable = [
            host
            for host in sorted(serving.get(name, frozenset()) & free.keys())
            if pool.may_use(host) and free[host][0] >= pool.cores and free[host][1] >= pool.memory_mb
        ]
        if not usable or sum(target[name].values()) >= min(asked[name], pool.most):
            waiting.remove(name)
            continue
        host = max(usable, key=lambda host: free[host][0])
        target[name][host] = target[name].get(host, 0) + 1
        free[host][0] -= pool.cores
        free[host][1] -= pool.memory_mb
    granted = _granted(target, pools, hosts, held)
    return Decision(target, granted, allocate(demand, granted, previous))


def _granted(
    target: Slots,
    pools: Mapping[str, PoolBounds],
    hosts: Mapping[str, HostRoom],
    held: Mapping[str, Mapping[str, int]],
) -> Slots:
    granted: Slots = {pool: {} for pool in target}
    for host, room in hosts.items():
        cores = room.cores - sum(pool.cores * held.get(name, {}).get(host, 0) for name, pool in pools.items())
        memory = room.memory_mb - sum(pool.memory_mb * held.get(name, {}).get(host, 0) for name, pool in pools.items())
        for name, wanted in ((name, target[name][host]) for name in target if host in target[name]):
            has = min(wanted, held.get(name, {}).get(host, 0))
            while has < wanted and cores >= pools[name].cores and memory >= pools[name].memory_mb:
                has, cores, memory = has + 1, cores - pools[name].cores, memory - pools[name].memory_mb
            if has:
                granted[name][host] = has
    return granted
