"""Gives a pool slots where there is room, and takes slots from pools that are better off."""

from collections.abc import Callable, Mapping, Sequence
from itertools import islice

from lmsvc.planning.layout import Crew, Share
from lmsvc.planning.places import Host
from lmsvc.planning.ranking import Rank, by_rank


def grow(share: Share, rivals: int) -> bool:
    """Give a pool slots that are free; False if there is none that it can use.

    Args:
        share: the pool.
        rivals: how many pools wait for slots.
    """
    wanting = _wanting(share)
    fitting = [host for host in wanting if host.fits(share)]
    most = _at_once(share, sum(host.cores for host in fitting) // rivals)
    for host, _ in islice(by_rank(fitting, _room(share, wanting), fresh=share.is_bound), most):
        if crew := _worst_off(wanting[host]):
            crew.put(host)
    return bool(fitting)


def _room(share: Share, wanting: Mapping[Host, Sequence[Crew]]) -> Callable[[Host], Rank | None]:
    """Return a rank of hosts with room.

    It is by where a slot may work now, where one is alive, of bound crews which may use it (the worst off first), load.
    """
    bound, slots, alive = share.is_bound, share.slots, {name: told.slots for name, told in share.alive.items()}

    def rank(host: Host) -> Rank | None:
        if not host.fits(share) or not _any_hungry(wanting[host]):
            return None
        level = _lowest(wanting[host]) if bound else 0
        return share.waits(host), slots.get(host, 0) >= alive.get(host.name, 0), level, host.load

    return rank


def _at_once(share: Share, cores: int) -> int:
    """Return how many slots a pool gets in one turn where so many cores are its equal part of what there is."""
    if not share.count:
        return 1
    bound = share.most if share.count >= share.least else min(share.least, share.most)
    return max(1, min(bound - share.count, cores // share.cores))


def take(share: Share, donors: Sequence[Share], rivals: int) -> list[Share]:
    """Give a pool slots of the richest one that stays better off than this one was; return who gave.

    Args:
        share: the pool.
        donors: all pools.
        rivals: how many pools wait for slots.
    """
    wanting, level = _wanting(share), share.level()
    richer = [donor for donor in donors if donor.level(-1) > level and donor is not share]
    for donor in sorted(richer, key=lambda donor: (-donor.level(-1), donor.name)):
        if _take(share, donor, wanting, rivals):
            return [donor]
    return []


def _take(share: Share, donor: Share, wanting: Mapping[Host, Sequence[Crew]], rivals: int) -> bool:
    apart = donor.count * donor.cores - share.count * share.cores
    there = [host for host in wanting if host in donor.slots]
    given = False
    offers = by_rank(there, _price(share, donor, wanting), fresh=share.is_bound)
    for host, (price, *_) in islice(offers, _at_once(share, apart // (rivals + 1))):
        needed = int(price)
        if donor.spare(share.level()) < needed:
            break
        if crew := _worst_off(wanting[host]):
            donor.give(host, needed)
            crew.put(host)
            given = True
    return given


def _price(share: Share, donor: Share, wanting: Mapping[Host, Sequence[Crew]]) -> Callable[[Host], Rank | None]:
    """Return a rank of hosts where another pool can give way.

    It is by how few slots that takes, whether they are idle, whether it got them only now, of bound crews which may
    use the host (the worst off first), and how many it has there.
    """
    bound, slots, before = share.is_bound, donor.slots, donor.before
    busy = {name: told.busy for name, told in donor.alive.items()}
    most = donor.spare(share.level())

    def rank(host: Host) -> Rank | None:
        has = slots.get(host, 0)
        needed = host.needed(share, donor)
        if needed > has or needed > most or not _any_hungry(wanting[host]):
            return None
        level = _lowest(wanting[host]) if bound else 0
        return needed, has <= busy.get(host.name, has), has <= before.get(host, 0), level, -has

    return rank


def _wanting(share: Share) -> Mapping[Host, Sequence[Crew]]:
    """Return the hosts that a pool could use one more slot of, each with all crews that may use it."""
    hungry = [len(crew.hosts) for crew in share.crews if crew.count < crew.tasks]
    if len(hungry) == len(share.crews) or len(share.by_host) in hungry:
        return share.by_host
    return {host: crews for host, crews in share.by_host.items() if _any_hungry(crews)}


def _any_hungry(crews: Sequence[Crew]) -> bool:
    """Return whether any crew has more tasks than slots."""
    return crews[0].count < crews[0].tasks or any(crew.count < crew.tasks for crew in crews)


def _lowest(crews: Sequence[Crew]) -> float:
    """Return how well off the worst off crew is of those that have more tasks than slots; there must be one."""
    return min([crew.level() for crew in crews if crew.count < crew.tasks])


def _worst_off(crews: Sequence[Crew]) -> Crew | None:
    """Return the crew that is worst off of those that have more tasks than slots, if there are any."""
    if len(crews) == 1:
        return crews[0] if crews[0].hungry else None
    return min([crew for crew in crews if crew.count < crew.tasks], key=Crew.level, default=None)
