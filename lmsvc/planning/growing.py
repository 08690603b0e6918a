"""Gives a pool slots where there is room, takes slots from pools that are better off, and gives up what is too much."""

from collections.abc import Iterator, Sequence

from lmsvc.planning.layout import Crew, Host, Rank, Share, by_rank

PART = 4
"""At most such a part of an equal share is given at once, so that all come out even in the end."""


def grow(share: Share, rivals: int) -> bool:
    """Give a pool slots that are free; False if there is none that it can use.

    Args:
        share: the pool.
        rivals: how many pools wait for slots.
    """
    given = 0
    for crew in sorted((crew for crew in share.crews if crew.hungry), key=lambda crew: crew.count):
        free = sum(host.cores for host in crew.hosts)
        most = _at_once(share, free, rivals)
        for host in by_rank(crew.hosts, lambda host: _room(share, host)):
            crew.put(host)
            given += 1
            if given >= most or not crew.hungry:
                break
        if given:
            return True
    return False


def _room(share: Share, host: Host) -> Rank | None:
    """Rank hosts with room: where a slot may work now, then where one is alive, then by load."""
    if not host.fits(share):
        return None
    own = share.slots.get(host, 0)
    later = own >= share.held.get(host.name, 0) and (host.cores_now < share.cores or host.memory_now < share.memory_mb)
    alive = share.alive.get(host.name)
    return later, not (alive and own < alive.slots), host.load


def _at_once(share: Share, cores: int, rivals: int) -> int:
    """Return how many slots a pool may get in one turn if all that wait share some cores."""
    if not share.count:
        return 1
    bound = share.least - share.count if share.count < share.least else share.most - share.count
    return max(1, min(bound, cores // (PART * rivals * max(1, share.cores))))


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
    most, given = _at_once(share, max(0, apart), rivals), 0
    for crew in (crew for crew in share.crews if crew.hungry):
        for host in by_rank(
            (host for host in crew.hosts if host in donor.slots), lambda host: _price(share, donor, host)
        ):
            for _ in range(price(share, donor, host)):
                donor.crew_at(host).put(host, -1)
            crew.put(host)
            given += 1
            if given >= most or not crew.hungry:
                return True
    return given > 0


def price(share: Share, donor: Share, host: Host) -> int:
    """Return how many of another pool's slots have to go so that one slot fits, 0 where that is not possible."""
    for slots in range(1, donor.slots.get(host, 0) + 1):
        if host.fits_without(share, donor, slots):
            return slots
    return 0


def _price(share: Share, donor: Share, host: Host) -> Rank | None:
    """Rank hosts where another pool can give way: few slots, idle ones, ones it got only now, where it has many."""
    slots = price(share, donor, host)
    if not slots or donor.level(-slots) <= share.level():
        return None
    has = donor.slots[host]
    return slots, not _idle(donor, host), has <= donor.before.get(host, 0), -has


def _idle(share: Share, host: Host) -> bool:
    alive = share.alive.get(host.name)
    return alive is not None and alive.busy < share.slots[host]


def give_up(crew: Crew, slots: int) -> None:
    """Take slots from a crew: where a host has too many, then idle ones, then on hosts in much use."""
    hosts = _giving(crew)
    for _ in range(slots):
        crew.put(next(hosts), -1)


def _giving(crew: Crew) -> Iterator[Host]:
    def rank(host: Host) -> Rank | None:
        if host not in crew.slots:
            return None
        return host.cores >= 0 and host.memory_mb >= 0, not _idle(crew.share, host), -host.load

    return by_rank(list(crew.slots), rank)
