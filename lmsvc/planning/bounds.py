"""What a pool's slots are like and how many there may be, and what a host has room for."""

from dataclasses import dataclass


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


Slots = dict[str, dict[str, int]]
"""Pool to host to number of slots."""
