"""Finds room for a slot by moving one slot after the other."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from lmsvc.planning.bounds import enough_gpus
from lmsvc.planning.layout import Crew, Share
from lmsvc.planning.places import Host

Givers = list[Crew]
Giving = Callable[[Host, Share], Givers | None]
"""Who gives up a slot each so that one of a pool fits on a host: nobody where it fits, None if it cannot be."""

_Leaving = Callable[[Host, Share, Share], Iterable[Crew]]
"""The crews a slot of which on a host is enough room for one of a pool, when a slot of another pool is looked for."""


def seat(crews: Sequence[Crew], giving: Giving, hosts: set[Host], *, wide: bool = True) -> Givers | None:
    """Give one of some crews of a pool a slot; return who gave one up for it, None if there is no way.

    From the hosts that the crews may use it is looked over hosts that others could leave for, to one with room: first
    as far as crews of the same pool move.

    Args:
        crews: those that are to have it, the first rather than the next.
        giving: who gives up slots for good.
        hosts: where to look; where there is no way at all, those that lead nowhere for the pool are taken out.
        wide: whether slots of other pools may be moved.
    """
    own = crews[0].share
    search = _Search(giving, set(hosts))
    if search.begin(crews) or search.widen(_own, own) or (wide and search.widen(_all, own)):
        search.apply()
        return search.givers
    hosts.difference_update(host for host, (crew, _) in search.came.items() if crew.share is own)
    return None


class _Search:
    """The search for a host with room that a crew could come to, or one that moves up for it."""

    def __init__(self, giving: Giving, left: set[Host]) -> None:
        self._giving, self._left = giving, left
        self._seen: list[Host] = []
        self.came: dict[Host, tuple[Crew, Host | None]] = {}
        """By host seen: the crew that would come there, and the host it would leave for it."""
        self.givers: Givers = []

    def begin(self, crews: Sequence[Crew]) -> bool:
        """Look at the hosts that some crews may use; return whether a way was found."""
        return any(self._reach(crew, None) for crew in crews)

    def widen(self, leaving: _Leaving, own: Share) -> bool:
        """Look at hosts that slots on those seen could leave for, near ones first; return whether a way was found."""
        for host in self._seen:  # which grows meanwhile
            if not self._left:
                break
            if any(self._reach(crew, host) for crew in leaving(host, self.came[host][0].share, own)):
                return True
        return False

    def _reach(self, crew: Crew, leaving: Host | None) -> bool:
        """Look at the hosts left that a crew could come to, those in least use first where it need not wait."""
        if self._left.isdisjoint(crew.hosts):
            return False
        share, hosts = crew.share, [host for host in crew.hosts if host in self._left]
        if len(hosts) > 1:
            hosts.sort(key=lambda host: (share.waits(host), host.load, host.name))
        self._left.difference_update(hosts)
        for host in hosts:
            self.came[host] = crew, leaving
            self._seen.append(host)
            givers = self._giving(host, share)
            if givers is not None:
                self.givers = givers
                return True
        return False

    def apply(self) -> None:
        """Go the way that was found."""
        at: Host | None = self._seen[-1]
        for giver in self.givers:
            giver.put(self._seen[-1], -1)
        while at is not None:
            crew, leaving = self.came[at]
            crew.put(at)
            if leaving is not None:
                crew.put(leaving, -1)
            at = leaving


def _own(host: Host, coming: Share, own: Share) -> Iterable[Crew]:
    """Return the crews of a pool one slot of which is enough room for one of another or the same pool."""
    return host.crews[own] if own in host.crews and host.frees(coming, own) else ()


def _all(host: Host, coming: Share, _: Share) -> Iterator[Crew]:
    """Yield all such crews, always in the same order: where no way was found, none is found the next time."""
    for share, crews in host.in_order():
        if host.frees(coming, share):
            yield from crews


def richer(share: Share, shares: Sequence[Share]) -> Giving:
    """Return a way to make room at the cost of pools that stay better off than one is."""
    level = share.level()
    able = [other for other in shares if other is not share and other.level(-1) > level]
    able.sort(key=lambda other: (-other.level(-1), other.name))
    spare = {other: other.spare(level) for other in able}

    def giving(host: Host, coming: Share) -> Givers | None:
        cores, memory_mb, gpus, givers = host.cores, host.memory_mb, host.gpus, list[Crew]()
        offers = (crew for other in able if other is not coming for crew in _offers(other, host, spare[other]))
        while (small := cores < coming.cores or memory_mb < coming.memory_mb) or not enough_gpus(gpus, coming.gpus):
            giver = next(offers, None)
            if giver is None:
                return None
            if small or giver.share.gpus:
                givers.append(giver)
                cores, memory_mb = cores + giver.share.cores, memory_mb + giver.share.memory_mb
                gpus += giver.share.gpus
        return givers

    return giving


def _offers(share: Share, host: Host, most: int) -> Iterator[Crew]:
    """Return the crews of a pool that give up a slot of a host each, no more than some."""
    return islice((crew for crew in host.crews.get(share, ()) for _ in range(crew.slots[host])), most)
