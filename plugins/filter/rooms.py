"""Filters about what the slots of a host may use together, and whether pools fit there."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from lmsvc.planning.bounds import HostRoom, PoolBounds, pools_of_hosts
from lmsvc.planning.spread import Spread, spread

Finding = tuple[str, str, str, str]
"""Host or ``site``, check, what was found, what to do."""

Pools = Mapping[str, Mapping[str, Any]]
Rooms = Mapping[str, Mapping[str, int]]

SLOTS_PERCENT = 85
"""Share of a host's memory for tasks; the system and the pools' own processes have the rest."""
SERVICE_MB = {"database": 400, "catalog": 100, "web": 500, "controller": 600}
"""What is left to a fixed service besides, on the host that has it."""


def host_cores(facts: Mapping[str, int], overcommit: float) -> int:
    """Return the cores that slots of a host may have, more than it has where the site says so with a number."""
    return max(1, int(facts["cores"] * overcommit)) if isinstance(overcommit, int | float) else facts["cores"]


def host_memory_mb(facts: Mapping[str, int], groups: Iterable[str]) -> int:
    """Return the memory of a host in these groups that slots may have, in steps of 100 MB."""
    services = sum(SERVICE_MB.get(group, 0) for group in groups)
    return max(0, (facts["memory_mb"] * SLOTS_PERCENT // 100 - services) // 100 * 100)


def known_rooms(hosts: Sequence[str], rooms: Sequence[Mapping[str, int | str]]) -> dict[str, dict[str, int]]:
    """Return the room of each host that was asked and answered, in numbers even where a command line gave words."""
    known = {host: room for host, room in zip(hosts, rooms, strict=True) if room}
    return {host: {name: int(number) for name, number in room.items()} for host, room in known.items()}


def spread_over(pools: Pools, rooms: Rooms) -> Spread:
    """Spread pools over hosts."""
    return spread({name: _bounds(pool) for name, pool in pools.items()}, _rooms(rooms))


def _bounds(pool: Mapping[str, Any]) -> PoolBounds:
    slots, hosts = pool["slots"], pool.get("hosts")
    only = None if hosts is None else frozenset(hosts)
    return PoolBounds(pool["cores"], pool["memory_mb"], slots["min"], slots["max"], only, pool.get("gpus", 0))


def _rooms(rooms: Rooms) -> dict[str, HostRoom]:
    return {host: HostRoom(room["cores"], room["memory_mb"], room.get("gpus", 0)) for host, room in rooms.items()}


def pools_misfits(pools: Pools, rooms: Rooms, workers: Sequence[str]) -> list[str]:
    """Say which pools cannot have the least slots they are to have, or no slot at all.

    While a worker host has not answered, the least slots are not judged: it may have room for them. What a batch system
    has room for is not known.
    """
    pools = pools_of_hosts(pools)
    where = {name: [host for host in rooms if host in (pool.get("hosts") or workers)] for name, pool in pools.items()}
    all_known = set(workers) <= set(rooms)
    large = [name for name, hosts in where.items() if hosts and not _fits(pools[name], [rooms[host] for host in hosts])]
    sound = {name: pool for name, pool in pools.items() if name not in large}
    alone = [_too_large(name, pools[name], where[name], rooms) for name in large]
    return alone + (spread_over(sound, rooms).faults if all_known else [])


def _fits(pool: Mapping[str, Any], rooms: Iterable[Mapping[str, int]]) -> bool:
    needs = {name: pool.get(name, 0) for name in ("cores", "memory_mb", "gpus")}
    return any(all(room.get(name, 0) >= number for name, number in needs.items()) for room in rooms)


def _too_large(name: str, pool: Mapping[str, Any], hosts: Iterable[str], rooms: Rooms) -> str:
    gpus = bool(pool.get("gpus"))
    there = "; ".join(f"{host} has {_size(rooms[host], gpus=gpus)}" for host in hosts)
    return f"pool {name} fits no host: a slot needs {_size(pool, gpus=gpus)}, {there} for slots"


def _size(room: Mapping[str, Any], *, gpus: bool) -> str:
    """Return what a host has or a slot needs, in words; GPUs only where they matter."""
    if not gpus:
        return f"{room['cores']} cores and {room['memory_mb']} MB"
    number = room.get("gpus", 0)
    return f"{room['cores']} cores, {room['memory_mb']} MB and {number} {'GPU' if number == 1 else 'GPUs'}"


def preflight_fit(probes: Pools, pools: Pools, workers: Sequence[str], rooms: Rooms) -> list[Finding]:
    """Find pools of which no host can hold a slot, and such whose least slots do not fit beside those of the others."""
    sound = pools_of_hosts({name: pool for name, pool in pools.items() if _sound(pool)})
    disks = {host: probe["facts"]["disk_mb"]["total"] for host, probe in probes.items() if "facts" in probe}
    found = [text for name, pool in sound.items() for text in _disk(name, pool, disks, workers)]
    found += pools_misfits(sound, rooms, workers)
    return [("site", "pools", text, "smaller slots, fewer at least, or more hosts in pools.yml") for text in found]


def _sound(pool: object) -> bool:
    """Return whether a pool is written so that it can be compared with hosts; preflight_pools says what is wrong."""
    if not isinstance(pool, Mapping) or not isinstance(pool.get("slots"), Mapping):
        return False
    sizes = [pool.get(name) for name in ("cores", "memory_mb", "disk_mb")]
    bounds = [pool["slots"].get(name) for name in ("min", "max")]
    whole = all(type(number) is int and number >= 0 for number in (*sizes, *bounds, pool.get("gpus", 0)))
    return whole and 0 not in sizes and isinstance(pool.get("hosts", []), list)


def _disk(name: str, pool: Mapping[str, Any], disks: Mapping[str, int], workers: Sequence[str]) -> Iterator[str]:
    there = {host: disks[host] for host in pool.get("hosts", workers) if host in disks and host in workers}
    if there and max(there.values()) < pool["disk_mb"]:
        has = ", ".join(f"{host} has {disk} MB" for host, disk in there.items())
        yield f"pool {name} fits no host: a slot needs {pool['disk_mb']} MB of disk, {has}"


class FilterModule:
    """The filters, as Ansible looks them up."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        functions = (host_cores, host_memory_mb, known_rooms, pools_misfits, preflight_fit)
        return {function.__name__: function for function in functions}
