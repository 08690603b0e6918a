"""What of a target may work now: no more than what is held of the hosts leaves free."""

from collections.abc import Mapping
from heapq import heapify, heappop, heapreplace

from lmsvc.planning.bounds import HostRoom, PoolBounds, Slots

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
        """Grant what is free of a host: one slot after the other to the pool that has least at work."""
        cores, memory_mb = self._free(host, room)
        waiting = [
            (self._at_work[name] * self._pools[name].cores, name) for name in self._target if self._missing(name, host)
        ]
        heapify(waiting)
        while waiting:
            name = waiting[0][1]
            pool = self._pools[name]
            if not self._missing(name, host) or cores < pool.cores or memory_mb < pool.memory_mb:
                heappop(waiting)
                continue
            cores, memory_mb = cores - pool.cores, memory_mb - pool.memory_mb
            self._give(name, host)
            heapreplace(waiting, (self._at_work[name] * pool.cores, name))

    def _free(self, host: str, room: HostRoom) -> tuple[int, int]:
        cores, memory_mb = room.cores, room.memory_mb
        for name, pool in self._pools.items():
            slots = self._held[name].get(host, 0)
            cores, memory_mb = cores - slots * pool.cores, memory_mb - slots * pool.memory_mb
        return cores, memory_mb

    def _missing(self, name: str, host: str) -> bool:
        wanted = self._target[name].get(host, 0)
        return (
            wanted > self.granted[name].get(host, 0) and self._left[name] > 0 and wanted > self._held[name].get(host, 0)
        )

    def _give(self, name: str, host: str) -> None:
        self.granted[name][host] = self.granted[name].get(host, 0) + 1
        self._at_work[name] += 1
        self._left[name] -= 1
