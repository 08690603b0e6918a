"""What a pool's slots are like and how many there may be, and what a host has room for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class HostRoom:
    """What the slots of all pools may use of a host together."""

    cores: int
    memory_mb: int
    gpus: int = 0


@dataclass(frozen=True)
class PoolBounds:
    """The size of a pool's slots, and the bounds on their number on all hosts together."""

    cores: int
    """Of one slot: at least 1, as its memory."""
    memory_mb: int
    least: int
    most: int
    hosts: frozenset[str] | None = None
    """The hosts that may have slots; None is all."""
    gpus: int = 0
    """Of one slot."""

    def may_use(self, host: str) -> bool:
        """Return whether a host may have slots."""
        return self.hosts is None or host in self.hosts

    def fitting(self, room: HostRoom) -> int:
        """Return how many slots a host has room for, if it has nothing else."""
        slots = min(room.cores // self.cores, room.memory_mb // self.memory_mb)
        return max(0, min(slots, room.gpus // self.gpus) if self.gpus else slots)


def pools_of_hosts(pools: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return the pools of a page whose slots our own units start; the site's batch system starts those of others."""
    return {name: pool for name, pool in pools.items() if pool.get("backend", "factory") == "factory"}


Slots = dict[str, dict[str, int]]
"""Pool to host to number of slots."""


def enough_gpus(free: int, needed: int) -> bool:
    """Return whether so many GPUs are enough; to who needs none it does not matter how many are missing."""
    return not needed or free >= needed
