"""Spreads the least and the most slots of pools over hosts by what the hosts have room for."""

from collections.abc import Mapping
from dataclasses import dataclass

from lmsvc.planning.bounds import HostRoom, PoolBounds, Slots
from lmsvc.planning.layout import Crew, Share
from lmsvc.planning.levelling import Levelling
from lmsvc.planning.places import new_hosts

__all__ = ["Slots", "Spread", "spread"]


@dataclass(frozen=True)
class Spread:
    """Where slots are, as far as that does not depend on demand."""

    least: Slots
    """The slots that are kept alive even without work: together no more than any host has room for."""
    most: Slots
    """How many slots could be on a host if nothing else were there."""
    faults: list[str]
    """Why not all that is asked for can be, in words."""


def spread(pools: Mapping[str, PoolBounds], hosts: Mapping[str, HostRoom]) -> Spread:
    """Spread pools over hosts, each host by the part of it that is in use.

    Args:
        pools: bounds by the pool's name.
        hosts: room by the host's name.
    """
    most = {name: _most(pool, hosts) for name, pool in pools.items()}
    least = _least(pools, hosts)
    faults = [fault for name, pool in pools.items() for fault in _faults(name, pool, hosts, sum(least[name].values()))]
    return Spread(least, most, faults)


def _most(pool: PoolBounds, hosts: Mapping[str, HostRoom]) -> dict[str, int]:
    fitting = {name: min(pool.most, pool.fitting(room)) for name, room in hosts.items() if pool.may_use(name)}
    return {name: slots for name, slots in sorted(fitting.items()) if slots > 0}


def _least(pools: Mapping[str, PoolBounds], hosts: Mapping[str, HostRoom]) -> Slots:
    room = new_hosts(hosts)
    shares = []
    for name, pool in sorted(pools.items()):
        share = Share(name, pool.cores, pool.memory_mb, pool.least, pool.least, gpus=pool.gpus)
        share.crews = [Crew(share, tuple(host for host in room.values() if pool.may_use(host.name)), pool.least)]
        shares.append(share)
    Levelling(shares).run()
    found = {share.name: {host.name: slots for host, slots in share.slots.items()} for share in shares}
    return {name: dict(sorted(found[name].items())) for name in pools}


def _faults(name: str, pool: PoolBounds, hosts: Mapping[str, HostRoom], placed: int) -> list[str]:
    """Return what is wrong with a pool of which so many of its least slots have found room."""
    if pool.least > pool.most:
        return [f"pool {name}: {_slots(pool.least)} at least are more than {_slots(pool.most)} at most"]
    unknown = sorted((pool.hosts or frozenset()) - hosts.keys())
    faults = [f"pool {name}: there is no host {host}" for host in unknown]
    usable = sorted(host for host in hosts if pool.may_use(host))
    alone = sum(pool.fitting(hosts[host]) for host in usable)
    if pool.most and not alone:
        return [*faults, f"pool {name}: one slot needs {_needs(pool, 1)}, {_hosts(usable)} room for none"]
    if placed < pool.least:
        beside = " beside what the other pools need at least" if alone >= pool.least else ""
        needs = f"{_slots(pool.least)} at least need {_needs(pool, pool.least)}"
        faults.append(f"pool {name}: {needs}, {_hosts(usable)} room for {min(alone, placed)}{beside}")
    return faults


def _needs(pool: PoolBounds, slots: int) -> str:
    cores, gpus = slots * pool.cores, slots * pool.gpus
    needs = [f"{cores} {'core' if cores == 1 else 'cores'}", f"{slots * pool.memory_mb} MB"]
    needs += [f"{gpus} {'GPU' if gpus == 1 else 'GPUs'}"] if gpus else []
    return f"{', '.join(needs[:-1])} and {needs[-1]}"


def _slots(number: int) -> str:
    return f"{number} {'slot' if number == 1 else 'slots'}"


def _hosts(names: list[str]) -> str:
    if not names:
        return "and it has no host, so"
    return f"its {'host' if len(names) == 1 else 'hosts'} {', '.join(names)} {'has' if len(names) == 1 else 'have'}"
