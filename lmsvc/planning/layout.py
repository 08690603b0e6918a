"""Which pool has how many slots on which host, while they are being shared."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heapreplace
from itertools import islice
from typing import NamedTuple

from lmsvc.planning.bounds import HostRoom, PoolBounds
from lmsvc.planning.demand import ManagerDemand

Rank = tuple[float, ...]

ABOVE_LEAST = 1 << 40
"""More than any host has cores: what lifts a pool that has its least above every pool that has not."""
NEVER = 1 << 40
"""More slots than any pool has of a host."""


class Alive(NamedTuple):
    """A pool's slots on one host as its agent tells of them."""

    slots: int
    busy: int


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
    load: float = 0.0
    """The part of it that is in use."""
    crews: dict["Share", dict["Crew", None]] = field(default_factory=dict)
    """By pool the crews that have slots of it."""
    gpus: int = 0
    gpus_now: int = 0

    def fits(self, share: "Share") -> bool:
        """Return whether there is room for one slot more."""
        return self.cores >= share.cores and self.memory_mb >= share.memory_mb and _has(self.gpus, share)

    def holds(self, share: "Share") -> bool:
        """Return whether there would be room for a slot if it had nothing else."""
        room = self.room
        return room.cores >= share.cores and room.memory_mb >= share.memory_mb and _has(room.gpus, share)

    def needed(self, share: "Share", other: "Share") -> int:
        """Return how many slots of another pool have to go so that one more of a pool fits, at least one.

        Where GPUs are missing and the other pool has none, that is more than it can have.
        """
        cores, memory_mb = self.cores - share.cores, self.memory_mb - share.memory_mb
        least = max(1, -(cores // other.cores), -(memory_mb // other.memory_mb))
        if _has(self.gpus, share):
            return least
        return max(least, -((self.gpus - share.gpus) // other.gpus)) if other.gpus else NEVER


@dataclass(eq=False)
class Share:
    """What a pool gets."""

    name: str
    cores: int
    memory_mb: int
    least: int
    most: int
    """What its bounds and its tasks allow."""
    left: int = 0
    """How many more may be granted now, beside all that it holds."""
    held: Mapping[str, int] = field(default_factory=dict)
    alive: Mapping[str, Alive] = field(default_factory=dict)
    crews: list["Crew"] = field(default_factory=list)
    before: dict[Host, int] = field(default_factory=dict)
    slots: dict[Host, int] = field(default_factory=dict)
    count: int = 0
    due: int = 0
    """Of how many slots what is due to its crews is their part."""
    gpus: int = 0
    """Of one slot."""

    def level(self, change: int = 0) -> int:
        """Return how well it is off: who has nothing, then who has less than its least, then by cores.

        Args:
            change: slots that it would have more.
        """
        count = self.count + change
        return count * self.cores + (ABOVE_LEAST if 0 < count >= self.least else 0)

    def waits(self, host: Host) -> bool:
        """Return whether one slot more of a host may work only when others have ended that are still held."""
        full = self.left <= 0 or host.cores_now < self.cores or host.memory_now < self.memory_mb
        return (full or not _has(host.gpus_now, self)) and self.slots.get(host, 0) >= self.held.get(host.name, 0)

    @property
    def hungry(self) -> bool:
        """Whether it could use more."""
        return self.count < self.most and any(crew.hungry for crew in self.crews)

    def crew_at(self, host: Host) -> "Crew":
        """Return the crew that gives up a slot of a host first, of those that have one."""
        return max(host.crews[self], key=Crew.level)

    def wanting(self) -> dict[Host, list["Crew"]]:
        """Return the hosts that it could use one more slot of, each with the crews that could."""
        if len(self.crews) == 1:
            return dict.fromkeys(self.crews[0].hosts, self.crews) if self.crews[0].hungry else {}
        found: dict[Host, list[Crew]] = {}
        for crew in self.crews:
            for host in crew.hosts if crew.hungry else ():
                found.setdefault(host, []).append(crew)
        return found


@dataclass(eq=False)
class Crew:
    """Managers of a pool that may use the same hosts."""

    share: Share
    hosts: tuple[Host, ...]
    tasks: int = 0
    number: int = 0
    """Tells it from others of its pool."""
    managers: list[ManagerDemand] = field(default_factory=list)
    slots: dict[Host, int] = field(default_factory=dict)
    count: int = 0
    due: int = 0
    """What it would have of its pool's slots if all managers could use every host."""

    @property
    def hungry(self) -> bool:
        """Whether it has more tasks than slots."""
        return self.count < self.tasks

    def level(self, change: int = 0) -> float:
        """Return how well it is off: the part of what is due that it has; with nothing due it is never behind.

        Args:
            change: slots that it would have more.
        """
        count = self.count + change
        return count / self.due if self.due else 1 + count

    def put(self, host: Host, slots: int = 1) -> None:
        """Give it slots of a host, or take some where the number is negative."""
        share = self.share
        before = share.slots.get(host, 0)
        held = share.held.get(host.name, 0)
        more = max(held, before + slots) - max(held, before)
        host.cores -= slots * share.cores
        host.memory_mb -= slots * share.memory_mb
        host.load = 1 - min(host.cores / (host.room.cores or 1), host.memory_mb / (host.room.memory_mb or 1))
        host.cores_now -= more * share.cores
        host.memory_now -= more * share.memory_mb
        host.gpus -= slots * share.gpus
        host.gpus_now -= more * share.gpus
        _add(share.slots, host, slots)
        if host not in self.slots:
            host.crews.setdefault(share, {})[self] = None
        _add(self.slots, host, slots)
        if host not in self.slots:
            self._leave(host)
        share.left -= more
        share.count += slots
        self.count += slots

    def give_up(self, slots: int) -> None:
        """Take slots from it: where a host has too many, then idle ones, then on hosts in much use."""
        if slots > 0:
            for host, _ in islice(by_rank(list(self.slots), self._giving), slots):
                self.put(host, -1)

    def _giving(self, host: Host) -> Rank | None:
        if host not in self.slots:
            return None
        alive = self.share.alive.get(host.name)
        idle = alive is not None and alive.busy < self.share.slots[host]
        enough = host.cores >= 0 and host.memory_mb >= 0 and (host.gpus >= 0 or not self.share.gpus)
        return enough, not idle, -host.load

    def _leave(self, host: Host) -> None:
        there = host.crews[self.share]
        del there[self]
        if not there:
            del host.crews[self.share]


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


def by_rank(hosts: Iterable[Host], rank: Callable[[Host], Rank | None]) -> Iterator[tuple[Host, Rank]]:
    """Yield the host of the lowest rank, and the rank, again and again, while ranks of yielded ones change.

    Args:
        hosts: all of them.
        rank: returns None for a host that is not to be yielded any more.
    """
    heap = [(found, host.name, host) for host in hosts if (found := rank(host)) is not None]
    heapify(heap)
    while heap:
        found, name, host = heap[0]
        yield host, found
        if (again := rank(host)) is None:
            heappop(heap)
        else:
            heapreplace(heap, (again, name, host))


def _has(gpus: int, share: Share) -> bool:
    """Return whether so many GPUs are enough for a slot of a pool; to one without any it does not matter."""
    return not share.gpus or gpus >= share.gpus


def _add(slots: dict[Host, int], host: Host, more: int) -> None:
    slots[host] = slots.get(host, 0) + more
    if not slots[host]:
        del slots[host]
