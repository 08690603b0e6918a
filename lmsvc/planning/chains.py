"""Finds room for a slot by moving one slot after the other."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from lmsvc.planning.layout import Crew, Host, Share

Givers = list[Crew]
Giving = Callable[[Host, Share], Givers | None]
"""Who gives up a slot each so that one of a pool fits on a host: nobody where it fits, None if it cannot be."""

_Came = dict[Host, tuple[Crew, Host | None]]
"""By host: the crew that would come there, and the host it would leave for it."""


class Chains:
    """A search from the hosts that a crew may use, over hosts that others could leave for, to a host with room."""

    def __init__(self, crews: Sequence[Crew], giving: Giving) -> None:
        """Look for room among all crews.

        Args:
            crews: those of all pools.
            giving: who gives up slots for good.
        """
        self._crews = crews
        self._giving = giving

    def seat(self, crew: Crew) -> Givers | None:
        """Give a crew one slot; return who gave one up for it, None if there is no way."""
        came: _Came = {}
        waiting = deque(_reach(crew, None, came))
        reached = {crew}
        while waiting:
            host = waiting.popleft()
            coming = came[host][0]
            givers = self._giving(host, coming.share)
            if givers is not None:
                _apply(host, givers, came)
                return givers
            for other in self._crews:
                if other not in reached and host in other.slots and host.needed(coming.share, other.share) == 1:
                    reached.add(other)
                    waiting.extend(_reach(other, host, came))
        return None


def _reach(crew: Crew, leaving: Host | None, came: _Came) -> list[Host]:
    """Note and return the hosts a crew could come to, those in least use first where it need not wait."""
    hosts = [host for host in crew.hosts if host not in came]
    hosts.sort(key=lambda host: (crew.share.waits(host), host.load, host.name))
    came.update((host, (crew, leaving)) for host in hosts)
    return hosts


def _apply(host: Host, givers: Givers, came: _Came) -> None:
    for giver in givers:
        giver.put(host, -1)
    at: Host | None = host
    while at is not None:
        crew, leaving = came[at]
        crew.put(at)
        if leaving is not None:
            crew.put(leaving, -1)
        at = leaving


def richer(share: Share, shares: Sequence[Share]) -> Giving:
    """Return a way to make room at the cost of pools that stay better off than one is."""
    level = share.level()
    able = [other for other in shares if other is not share and other.level(-1) > level]
    able.sort(key=lambda other: (-other.level(), other.name))

    def giving(host: Host, coming: Share) -> Givers | None:
        cores, memory_mb, givers = host.cores, host.memory_mb, list[Crew]()
        offers = (crew for other in able if other is not coming for crew in _offers(other, host, level))
        while cores < coming.cores or memory_mb < coming.memory_mb:
            giver = next(offers, None)
            if giver is None:
                return None
            givers.append(giver)
            cores, memory_mb = cores + giver.share.cores, memory_mb + giver.share.memory_mb
        return givers

    return giving


def _offers(share: Share, host: Host, level: int) -> Iterator[Crew]:
    """Yield the crews of a pool that give up a slot of a host each, as long as the pool stays above a level."""
    slots = (crew for crew in share.crews for _ in range(crew.slots.get(host, 0)))
    for given, crew in enumerate(slots, 1):
        if share.level(-given) <= level:
            return
        yield crew
