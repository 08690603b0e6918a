"""Finds room for a slot by moving one slot after the other."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from lmsvc.planning.layout import Crew, Host, Share

Givers = list[Crew]
Giving = Callable[[Host, Share], Givers | None]
"""Who gives up a slot each so that one of a pool fits on a host: nobody where it fits, None if it cannot be."""

_Came = dict[Host, tuple[Crew, Host | None]]
"""By host: the crew that would come there, and the host it would leave for it."""


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
    came: _Came = {}
    for host in _walk(crews, came, set(hosts), wide):
        givers = giving(host, came[host][0].share)
        if givers is not None:
            _apply(host, givers, came)
            return givers
    hosts.difference_update(host for host, (crew, _) in came.items() if crew.share is crews[0].share)
    return None


def _walk(crews: Sequence[Crew], came: _Came, left: set[Host], wide: bool) -> Iterator[Host]:
    """Note and yield every host that one of some crews could come to, near ones first."""
    reached = set(crews)
    for crew in crews:
        yield from _reach(crew, None, came, left)
    for leaving in (_own, _all) if wide else (_own,):
        waiting = deque(came)
        while waiting and left:
            host = waiting.popleft()
            for crew in leaving(host, came[host][0].share, crews[0].share):
                if crew not in reached:
                    reached.add(crew)
                    for other in _reach(crew, host, came, left):
                        waiting.append(other)
                        yield other


def _own(host: Host, coming: Share, own: Share) -> list[Crew]:
    """Return the crews of a pool one slot of which is enough room for one of another or the same pool."""
    return list(host.crews[own]) if own in host.crews and host.needed(coming, own) == 1 else []


def _all(host: Host, coming: Share, _: Share) -> Iterator[Crew]:
    """Yield all such crews, always in the same order: where no way was found, none is found the next time."""
    for share in sorted(host.crews, key=lambda share: share.name):
        if host.needed(coming, share) == 1:
            yield from sorted(host.crews[share], key=lambda crew: crew.number)


def _reach(crew: Crew, leaving: Host | None, came: _Came, left: set[Host]) -> list[Host]:
    """Note and return the hosts left that a crew could come to, those in least use first where it need not wait."""
    hosts = [host for host in crew.hosts if host in left]
    if hosts:
        hosts.sort(key=lambda host: (crew.share.waits(host), host.load, host.name))
        came.update(dict.fromkeys(hosts, (crew, leaving)))
        left.difference_update(hosts)
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
    able.sort(key=lambda other: (-other.level(-1), other.name))

    def giving(host: Host, coming: Share) -> Givers | None:
        cores, memory_mb, gpus, givers = host.cores, host.memory_mb, host.gpus, list[Crew]()
        offers = (crew for other in able if other is not coming for crew in _offers(other, host, level))
        while (small := cores < coming.cores or memory_mb < coming.memory_mb) or (coming.gpus and gpus < coming.gpus):
            giver = next(offers, None)
            if giver is None:
                return None
            if small or giver.share.gpus:
                givers.append(giver)
                cores, memory_mb = cores + giver.share.cores, memory_mb + giver.share.memory_mb
                gpus += giver.share.gpus
        return givers

    return giving


def _offers(share: Share, host: Host, level: int) -> Iterator[Crew]:
    """Yield the crews of a pool that give up a slot of a host each, as long as the pool stays above a level."""
    slots = (crew for crew in host.crews.get(share, ()) for _ in range(crew.slots[host]))
    for given, crew in enumerate(slots, 1):
        if share.level(-given) <= level:
            return
        yield crew
