"""Spreads the least and the most slots of pools over hosts by what the hosts have room for."""

from collections.abc import Mapping
from dataclasses import dataclass

from lmsvc.planning.bounds import HostRoom, PoolBounds, Slots


@dataclass(frozen=True)
class Spread:
    """Where slots are, as far as that does not depend on demand."""

    least: Slots
    """The slots that are kept alive even without work: together no more than any host has room for."""
    most: Slots
    """How many slots could be on a host if its other pools had none there."""
    faults: list[str]
    """Why not all that is asked for can be, in words."""


def spread(pools: Mapping[str, PoolBounds], hosts: Mapping[str, HostRoom]) -> Spread:
    """Spread pools over hosts.

    Args:
        pools: bounds by the pool's name.
        hosts: room by the host's name.
    """
    most = {name: _most(pool, hosts) for name, pool in pools.items()}
    least: Slots = {name: {} for name in pools}
    cores = {name: room.cores for name, room in hosts.items()}
    memory = {name: room.memory_mb for name, room in hosts.items()}
    faults = []
    for name, pool in sorted(pools.items(), key=lambda item: (len(most[item[0]]), item[0])):
        for _ in range(pool.least):
            fitting = [host for host in most[name] if cores[host] >= pool.cores and memory[host] >= pool.memory_mb]
            if not fitting:
                break
            host = max(fitting, key=lambda host: (cores[host] / hosts[host].cores, host))
            least[name][host] = least[name].get(host, 0) + 1
            cores[host] -= pool.cores
            memory[host] -= pool.memory_mb
        if (placed := sum(least[name].values())) < pool.least:
            faults.append(_too_many(name, pool, hosts, placed))
    return Spread(least, most, faults)


def _most(pool: PoolBounds, hosts: Mapping[str, HostRoom]) -> dict[str, int]:
    fitting = {name: min(pool.most, pool.fitting(room)) for name, room in hosts.items() if pool.may_use(name)}
    return {name: slots for name, slots in fitting.items() if slots > 0}


def _too_many(name: str, pool: PoolBounds, hosts: Mapping[str, HostRoom], placed: int) -> str:
    needs = f"{pool.least} slots at least need {pool.least * pool.cores} cores and {pool.least * pool.memory_mb} MB"
    usable = ", ".join(sorted(host for host in hosts if pool.may_use(host)))
    return f"pool {name}: {needs}, its hosts {usable} have room for {placed}"
