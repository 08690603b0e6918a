"""Levels what pools have, and what the crews of a pool have: the one that is worst off gets a slot if there is one."""

from collections.abc import Sequence, Set
from heapq import heapify, heappop, heappush

from lmsvc.planning.chains import Givers, Giving, richer, seat
from lmsvc.planning.growing import grow, take
from lmsvc.planning.layout import Crew, Share
from lmsvc.planning.places import Host

_Turn = tuple[int, int, int, str, Share]


class Levelling:
    """Gives slots to pools that could use them, until nothing can be made better.

    Every step makes one pool better off, and none worse off than that one was: what is level already stays as it is,
    and there is an end.
    """

    def __init__(self, shares: Sequence[Share]) -> None:
        """Begin with what pools have.

        Args:
            shares: all pools.
        """
        self._shares = shares
        self._hosts = _hosts_of(shares)
        self._choice = {share: max((len(crew.hosts) for crew in share.crews), default=0) for share in shares}
        self._steps = 0
        self._stuck: dict[Share, int] = {}
        """Pools for which there was nothing, and after how many steps."""

    def run(self) -> None:
        """Give slots as long as that is possible; what others have changed since the last time may have made room."""
        self._stuck = {}
        while turns := [self._turn(share) for share in self._shares if share.hungry and self._may_find(share)]:
            rivals = len(turns)
            heapify(turns)
            while turns:
                level, *_, share = heappop(turns)
                if level == share.level() and share.hungry and self._may_find(share):
                    for each in self._step(share, rivals):
                        heappush(turns, self._turn(each))

    def _turn(self, share: Share) -> _Turn:
        """Return when a pool's turn is: the worst off goes first, then who has the smallest choice."""
        return share.level(), self._choice[share], -share.cores, share.name, share

    def _may_find(self, share: Share) -> bool:
        return self._stuck.get(share, -1) < self._steps

    def _step(self, share: Share, rivals: int) -> list[Share]:
        changed = self._improve(share, rivals)
        if changed:
            self._steps += 1
        else:
            self._stuck[share] = self._steps
        return changed

    def _improve(self, share: Share, rivals: int) -> list[Share]:
        """Give a pool something; return all pools that have another number of slots now."""
        if grow(share, rivals):
            return [share]
        if donors := take(share, self._shares, rivals):
            return [share, *donors]
        if not self._is_left(share):
            return []
        givers = seat([crew for crew in share.crews if crew.hungry], richer(share, self._shares), set(self._hosts))
        return [] if givers is None else [share, *{giver.share for giver in givers}]

    def _is_left(self, share: Share) -> bool:
        """Return whether moving slots can find anything at all: room on a host, or a pool that is better off."""
        level = share.level()
        if any(other.level(-1) > level for other in self._shares if other is not share):
            return True
        cores = min(each.cores for each in self._shares)
        memory_mb = min(each.memory_mb for each in self._shares)
        return any(host.cores >= cores and host.memory_mb >= memory_mb for host in self._hosts)


def _hosts_of(shares: Sequence[Share]) -> set[Host]:
    return {host for share in shares for crew in share.crews for host in crew.hosts}


def settle(shares: Sequence[Share]) -> None:
    """Level pools, and the crews of each pool, until nothing can be made better.

    Args:
        shares: all pools.
    """
    hosts = _hosts_of(shares)
    for share in shares:
        _set_due(share, share.count or sum(host.room.cores for host in hosts) // share.cores // len(shares))
    levelling = Levelling(shares)
    levelling.run()
    settled = dict[Share, int]()
    while _even_all_out(shares, hosts, settled):
        levelling.run()


def _even_all_out(shares: Sequence[Share], hosts: Set[Host], settled: dict[Share, int]) -> bool:
    """Even out each pool in turn; False if nothing can be made better.

    Args:
        shares: all pools.
        hosts: all hosts.
        settled: by pool how many changes there were of any when it could not be made better; with no more it cannot be.
    """
    changed = False
    for share in shares:
        if settled.get(share) != _changes(shares):
            changed = _even_out(share, hosts, wide=len(shares) > 1) or changed
            settled[share] = _changes(shares)
    return changed


def _changes(shares: Sequence[Share]) -> int:
    return sum(share.changes for share in shares)


def _set_due(share: Share, slots: int) -> None:
    if len(share.crews) > 1 and share.due != slots:
        share.due = slots
        fair = share.fair.of(slots)
        for crew in share.crews:
            crew.due = sum(fair[manager.project] for manager in crew.managers)


def _even_out(share: Share, hosts: Set[Host], *, wide: bool) -> bool:
    """Let crews of a pool that are worse off have slots of those that stay better off; False if none can.

    Every exchange makes one crew better off, and none worse off than that one was: there is an end.
    """
    if len(share.crews) < 2:
        return False
    _set_due(share, share.count)
    changed = False
    while _exchange(share, set(hosts), wide=False) or (wide and _exchange(share, set(hosts), wide=True)):
        changed = True
    return changed


def _exchange(share: Share, hosts: set[Host], *, wide: bool) -> bool:
    """Let each crew have what it can; where one found nothing, one that is better off finds nothing, too."""
    changed, highest = False, _highest(share)
    for crew in sorted(share.crews, key=Crew.level):
        while crew.hungry and crew.level() < highest and not hosts.isdisjoint(crew.hosts):
            givers = seat([crew], _above(share, crew.level()), hosts, wide=wide)
            if givers is None:
                break
            if not givers:
                max(share.crews, key=_after).give_up(1)
            changed, highest = True, _highest(share)
    return changed


def _highest(share: Share) -> float:
    return max(map(_after, share.crews))


def _after(crew: Crew) -> float:
    """Return how well off a crew is once it has given up a slot."""
    return crew.level(-1) if crew.count else -1


def _above(share: Share, level: float) -> Giving:
    """Return a way to make room at the cost of crews of a pool that stay above a level."""

    def giving(host: Host, coming: Share) -> Givers | None:
        if host.fits(coming):
            return []
        if share not in host.crews or not host.frees(coming, share):
            return None
        richest = max(host.crews[share], key=_after)
        return [richest] if _after(richest) > level else None

    return giving
