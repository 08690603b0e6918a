"""What of a target may work now: no more than what is held of the hosts leaves free."""

from collections.abc import Mapping
from heapq import heapify, heappop, heappush

from lmsvc.planning.bounds import HostRoom, PoolBounds, Slots, enough_gpus

_Held = Mapping[str, Mapping[str, int]]


def grant(target: Slots, pools: Mapping[str, PoolBounds], hosts: Mapping[str, HostRoom], held: _Held) -> Slots:
    """Return the slots by pool and host that may work now.

    Args:
        target: the slots by pool and host that are to work in the end.
        pools: bounds by the pool's name.
        hosts: room by the host's name.
        held: the slots by pool and host that may be at work still.
    """
    granting = _Granting(target, pools, held)
    for host, room in hosts.items():
        granting.share_out(host, room)
    return granting.granted


class _Granting:
    def __init__(self, target: Slots, pools: Mapping[str, PoolBounds], held: _Held) -> None:
        self._target, self._pools = target, pools
        self._held = {name: held.get(name, {}) for name in pools}
        self.granted: Slots = {name: self._staying(name) for name in target}
        self._at_work = {name: sum(slots.values()) for name, slots in self.granted.items()}
        self._left = {name: pool.most - sum(self._held[name].values()) for name, pool in pools.items()}
        """How many more each pool may have beside what it holds."""

    def _staying(self, name: str) -> dict[str, int]:
        held = self._held[name]
        return {host: min(slots, held[host]) for host, slots in self._target[name].items() if held.get(host)}

    def share_out(self, host: str, room: HostRoom) -> None:
        """Grant what is free of a host: where that is too little, to the pool that has least at work."""
        missing = {name: slots for name in self._target if (slots := self._missing(name, host)) > 0}
        if missing and not _fit(missing, self._pools, self._free(host, room)):
            missing = self._one_by_one(missing, self._free(host, room))
        for name, slots in missing.items():
            self.granted[name][host] = self.granted[name].get(host, 0) + slots
            self._at_work[name] += slots
            self._left[name] -= slots

    def _missing(self, name: str, host: str) -> int:
        return min(self._left[name], self._target[name].get(host, 0) - self._held[name].get(host, 0))

    def _free(self, host: str, room: HostRoom) -> HostRoom:
        used = _used({name: held.get(host, 0) for name, held in self._held.items()}, self._pools)
        return HostRoom(room.cores - used.cores, room.memory_mb - used.memory_mb, room.gpus - used.gpus)

    def _one_by_one(self, missing: Mapping[str, int], free: HostRoom) -> dict[str, int]:
        """Return as much of what is missing as fits."""
        given: dict[str, int] = {}
        waiting = [(self._at_work[name] * self._pools[name].cores, name) for name in missing]
        heapify(waiting)
        cores, memory_mb, gpus = free.cores, free.memory_mb, free.gpus
        while waiting:
            level, name = heappop(waiting)
            pool, slots = self._pools[name], given.get(name, 0)
            fits = pool.cores <= cores and pool.memory_mb <= memory_mb and enough_gpus(gpus, pool.gpus)
            if slots < missing[name] and fits:
                given[name] = slots + 1
                cores, memory_mb, gpus = cores - pool.cores, memory_mb - pool.memory_mb, gpus - pool.gpus
                heappush(waiting, (level + pool.cores, name))
        return given


def _used(slots: Mapping[str, int], pools: Mapping[str, PoolBounds]) -> HostRoom:
    return HostRoom(
        cores=sum(number * pools[name].cores for name, number in slots.items()),
        memory_mb=sum(number * pools[name].memory_mb for name, number in slots.items()),
        gpus=sum(number * pools[name].gpus for name, number in slots.items()),
    )


def _fit(slots: Mapping[str, int], pools: Mapping[str, PoolBounds], room: HostRoom) -> bool:
    used = _used(slots, pools)
    enough = used.cores <= room.cores and used.memory_mb <= room.memory_mb
    return enough and enough_gpus(room.gpus, used.gpus)
