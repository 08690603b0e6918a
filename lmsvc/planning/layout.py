"""Which pool has how many slots on which host, while they are being shared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from lmsvc.planning.bounds import enough_gpus
from lmsvc.planning.demand import ManagerDemand
from lmsvc.planning.fair import FairShares
from lmsvc.planning.places import Host
from lmsvc.planning.ranking import Rank, by_rank

ABOVE_LEAST = 1 << 40
"""More than any host has cores: what lifts a pool that has its least above every pool that has not."""
FEW_HOSTS = 8
"""Each slot of a crew changes the order of all its hosts: where it has more, evening out later costs less."""


class Alive(NamedTuple):
    """A pool's slots on one host as its agent tells of them."""

    slots: int
    busy: int


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
    changes: int = 0
    """How often its slots have been changed."""

    def level(self, change: int = 0) -> int:
        """Return how well it is off: who has nothing, then who has less than its least, then by cores.

        Args:
            change: slots that it would have more.
        """
        count = self.count + change
        return count * self.cores + (ABOVE_LEAST if 0 < count >= self.least else 0)

    def spare(self, level: int) -> int:
        """Return how many slots it could give up and be better off than a level still."""
        least = max(1, self.least)
        if level < ABOVE_LEAST:
            return self.count - min(least, level // self.cores + 1)
        return self.count - max(least, (level - ABOVE_LEAST) // self.cores + 1)

    def waits(self, host: Host) -> bool:
        """Return whether one slot more of a host may work only when others have ended that are still held."""
        full = self.left <= 0 or host.cores_now < self.cores or host.memory_now < self.memory_mb
        if not full and enough_gpus(host.gpus_now, self.gpus):
            return False
        return self.slots.get(host, 0) >= self.held.get(host.name, 0)

    @property
    def hungry(self) -> bool:
        """Whether it could use more."""
        return self.count < self.most and any(crew.hungry for crew in self.crews)

    def give(self, host: Host, slots: int) -> None:
        """Give up slots of a host, each of the crew that is best off then, of those that have one."""
        if len(self.crews) == 1:
            return self.crews[0].put(host, -slots)
        for _ in range(slots):
            max(host.crews[self], key=Crew.level).put(host, -1)

    @cached_property
    def fair(self) -> FairShares:
        """The shares of its managers if all could use every host; of the crews that it has when first asked for."""
        return FairShares([manager for crew in self.crews for manager in crew.managers], {})

    @cached_property
    def is_bound(self) -> bool:
        """Whether it has several crews that may use few hosts each."""
        return len(self.crews) > 1 and all(len(crew.hosts) <= FEW_HOSTS for crew in self.crews)

    @cached_property
    def by_host(self) -> Mapping[Host, Sequence["Crew"]]:
        """Its crews by host that they may use; they are those that it has when this is asked for first."""
        found: dict[Host, list[Crew]] = {}
        for crew in self.crews:
            for host in crew.hosts:
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
        more = max(held, before + slots) - max(held, before) if held else slots
        host.cores -= slots * share.cores
        host.memory_mb -= slots * share.memory_mb
        host.cores_now -= more * share.cores
        host.memory_now -= more * share.memory_mb
        host.gpus -= slots * share.gpus
        host.gpus_now -= more * share.gpus
        share.left -= more
        share.count += slots
        share.changes += 1
        self.count += slots
        _note(share.slots, host, before + slots)
        own = self.slots.get(host, 0)
        _note(self.slots, host, own + slots)
        if not own:
            host.join(self)
        elif own + slots == 0:
            host.leave(self)

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


def _note(slots: dict[Host, int], host: Host, number: int) -> None:
    if number:
        slots[host] = number
    else:
        del slots[host]
