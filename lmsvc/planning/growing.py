"""Gives a pool slots where there is room, takes slots from pools that are better off, and gives up what is too much."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from lmsvc.planning.layout import Crew, Host, Rank, Share, by_rank


def grow(share: Share, rivals: int) -> bool:
    """Give a pool slots that are free; False if there is none that it can use.

    Args:
        share: the pool.
        rivals: how many pools wait for slots.
    """
    for crew in sorted((crew for crew in share.crews if crew.hungry), key=lambda crew: crew.count):
        fitting = [host for host in crew.hosts if host.fits(share)]
        most = min(crew.tasks - crew.count, _at_once(share, sum(host.cores for host in fitting) // rivals))
        for host, _ in islice(by_rank(fitting, _room(share)), most):
            crew.put(host)
        if fitting:
            return True
    return False


def _room(share: Share) -> Callable[[Host], Rank | None]:
    """Return a rank of hosts with room: where a slot may work now, then where one is alive, then by load."""
    alive = {name: told.slots for name, told in share.alive.items()}

    def rank(host: Host) -> Rank | None:
        if not host.fits(share):
            return None
        return share.waits(host), share.slots.get(host, 0) >= alive.get(host.name, 0), host.load

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
    for donor in sorted(donors, key=lambda donor: (-donor.level(), donor.name)):
        if donor.level(-1) <= share.level():
            break
        if donor is not share and _take(share, donor, rivals):
            return [donor]
    return []


def _take(share: Share, donor: Share, rivals: int) -> bool:
    apart = donor.count * donor.cores - share.count * share.cores
    most, given = _at_once(share, apart // (rivals + 1)), 0
    for crew in (crew for crew in share.crews if crew.hungry):
        there = [host for host in crew.hosts if host in donor.slots]
        left = min(most - given, crew.tasks - crew.count)
        for host, (price, *_) in islice(by_rank(there, _price(share, donor)), left):
            if donor.level(-int(price)) <= share.level():
                break
            for _ in range(int(price)):
                donor.crew_at(host).put(host, -1)
            crew.put(host)
            given += 1
    return given > 0


def _price(share: Share, donor: Share) -> Callable[[Host], Rank | None]:
    """Return a rank of hosts where another pool can give way.

    It is by how few slots that takes, whether they are idle, whether it got them only now, and how many it has there.
    """
    slots, before = donor.slots, donor.before
    busy = {name: told.busy for name, told in donor.alive.items()}

    def rank(host: Host) -> Rank | None:
        has = slots.get(host, 0)
        needed = host.needed(share, donor)
        if needed > has or donor.level(-needed) <= share.level():
            return None
        return needed, has <= busy.get(host.name, has), has <= before.get(host, 0), -has

    return rank


def _idle(share: Share, host: Host) -> bool:
    alive = share.alive.get(host.name)
    return alive is not None and alive.busy < share.slots[host]


def give_up(crew: Crew, slots: int) -> None:
    """Take slots from a crew: where a host has too many, then idle ones, then on hosts in much use."""
    hosts = _giving(crew)
    for _ in range(slots):
        crew.put(next(hosts)[0], -1)


def _giving(crew: Crew) -> Iterator[tuple[Host, Rank]]:
    def rank(host: Host) -> Rank | None:
        if host not in crew.slots:
            return None
        return host.cores >= 0 and host.memory_mb >= 0, not _idle(crew.share, host), -host.load

    return by_rank(list(crew.slots), rank)
