"""Hosts while slots are being shared: what is free of them, and whose slots are there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lmsvc.planning.bounds import HostRoom, PoolBounds, enough_gpus

if TYPE_CHECKING:
    from lmsvc.planning.layout import Crew, Share

NEVER = 1 << 40
"""More slots than any pool has of a host."""


@dataclass(eq=False)
class Host:
    """What is free of a host."""

    name: str
    room: HostRoom
    cores: int
    memory_mb: int
    cores_now: int
    """Free beside slots that are still held, too."""
    memory_now: int
    crews: dict["Share", dict["Crew", None]] = field(default_factory=dict)
    """By pool the crews that have slots of it."""
    gpus: int = 0
    gpus_now: int = 0
    _in_order: list[tuple["Share", list["Crew"]]] | None = None

    @property
    def load(self) -> float:
        """The part of it that is in use."""
        cores, memory_mb = self.cores / (self.room.cores or 1), self.memory_mb / (self.room.memory_mb or 1)
        return 1 - (cores if cores < memory_mb else memory_mb)

    def in_order(self) -> list[tuple["Share", list["Crew"]]]:
        """Return pools and their crews that have slots of it, always in the same order."""
        if self._in_order is None:
            shares = sorted(self.crews, key=lambda share: share.name)
            self._in_order = [(each, sorted(self.crews[each], key=lambda crew: crew.number)) for each in shares]
        return self._in_order

    def join(self, crew: "Crew") -> None:
        """Note that a crew has slots of it now."""
        self.crews.setdefault(crew.share, {})[crew] = None
        self._in_order = None

    def leave(self, crew: "Crew") -> None:
        """Note that a crew has no slots of it any more."""
        there = self.crews[crew.share]
        del there[crew]
        if not there:
            del self.crews[crew.share]
        self._in_order = None

    def fits(self, share: "Share") -> bool:
        """Return whether there is room for one slot more."""
        return self.cores >= share.cores and self.memory_mb >= share.memory_mb and enough_gpus(self.gpus, share.gpus)

    def holds(self, share: "Share") -> bool:
        """Return whether there would be room for a slot if it had nothing else."""
        room = self.room
        return room.cores >= share.cores and room.memory_mb >= share.memory_mb and enough_gpus(room.gpus, share.gpus)

    def frees(self, share: "Share", other: "Share") -> bool:
        """Return whether one more of a pool fits where one slot of another one goes."""
        enough = self.cores + other.cores >= share.cores and self.memory_mb + other.memory_mb >= share.memory_mb
        return enough and enough_gpus(self.gpus + other.gpus, share.gpus)

    def needed(self, share: "Share", other: "Share") -> int:
        """Return how many slots of another pool have to go so that one more of a pool fits, at least one.

        Where GPUs are missing and the other pool has none, that is more than it can have.
        """
        cores, memory_mb = self.cores - share.cores, self.memory_mb - share.memory_mb
        least = max(1, -(cores // other.cores), -(memory_mb // other.memory_mb))
        if enough_gpus(self.gpus, share.gpus):
            return least
        return max(least, -((self.gpus - share.gpus) // other.gpus)) if other.gpus else NEVER


def new_hosts(hosts: Mapping[str, HostRoom]) -> dict[str, Host]:
    """Return hosts that nobody has slots of."""
    return {
        name: Host(
            name, room, room.cores, room.memory_mb, room.cores, room.memory_mb, gpus=room.gpus, gpus_now=room.gpus
        )
        for name, room in sorted(hosts.items())
    }


def hold(held: Mapping[str, int], bounds: PoolBounds, hosts: Mapping[str, Host]) -> None:
    """Note on hosts what a pool that has no slots yet still holds there."""
    for host, slots in held.items():
        if host in hosts:
            hosts[host].cores_now -= slots * bounds.cores
            hosts[host].memory_now -= slots * bounds.memory_mb
            hosts[host].gpus_now -= slots * bounds.gpus
