"""Levels what pools have, and what the crews of a pool have: the one that is worst off gets a slot if there is one."""

from collections.abc import Sequence
from heapq import heapify, heappop, heappush

from lmsvc.planning.chains import Givers, Giving, richer, seat
from lmsvc.planning.fair import fair_shares
from lmsvc.planning.growing import grow, take
from lmsvc.planning.layout import Crew, Host, Share

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
        self._hosts = {host for share in shares for crew in share.crews for host in crew.hosts}
        self._steps = 0
        self._stuck: dict[Share, int] = {}
        """Pools for which there was nothing, and after how many steps."""

    def run(self) -> None:
        """Give slots as long as that is possible; what others have changed since the last time may have made room."""
        self._stuck = {}
        while turns := [_turn(share) for share in self._shares if share.hungry and self._may_find(share)]:
            rivals = len(turns)
            heapify(turns)
            while turns:
                level, *_, share = heappop(turns)
                if level == share.level() and share.hungry and self._may_find(share):
                    for each in self._step(share, rivals):
                        heappush(turns, _turn(each))

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
        givers = seat([crew for crew in share.crews if crew.hungry], richer(share, self._shares), set())
        return [] if givers is None else [share, *{giver.share for giver in givers}]

    def _is_left(self, share: Share) -> bool:
        """Return whether moving slots can find anything at all: room on a host, or a pool that is better off."""
        level = share.level()
        if any(other.level(-1) > level for other in self._shares if other is not share):
            return True
        cores = min(each.cores for each in self._shares)
        memory_mb = min(each.memory_mb for each in self._shares)
        return any(host.cores >= cores and host.memory_mb >= memory_mb for host in self._hosts)


def _turn(share: Share) -> _Turn:
    """Return when a pool's turn is: the worst off goes first, then who has the smallest choice."""
    choice = max((len(crew.hosts) for crew in share.crews), default=0)
    return share.level(), choice, -share.cores, share.name, share


def settle(shares: Sequence[Share]) -> None:
    """Level pools, and the crews of each pool, until nothing can be made better.

    Args:
        shares: all pools.
    """
    cores = sum(host.room.cores for host in {host for share in shares for crew in share.crews for host in crew.hosts})
    for share in shares:
        _set_due(share, max(share.count, cores // share.cores // len(shares)))
    levelling = Levelling(shares)
    levelling.run()
    while any([_even_out(share) for share in shares]):
        levelling.run()


def _set_due(share: Share, slots: int) -> None:
    if len(share.crews) > 1:
        fair = fair_shares([manager for crew in share.crews for manager in crew.managers], slots, {})
        for crew in share.crews:
            crew.due = sum(fair[manager.project] for manager in crew.managers)


def _even_out(share: Share) -> bool:
    """Let crews of a pool that are worse off have slots of those that stay better off; False if none can.

    Every exchange makes one crew better off, and none worse off than that one was: there is an end.
    """
    if len(share.crews) < 2:
        return False
    _set_due(share, share.count)
    changed = False
    while _exchange(share, wide=False) or _exchange(share, wide=True):
        changed = True
    return changed


def _exchange(share: Share, *, wide: bool) -> bool:
    """Let each crew have what it can; where one found nothing, one that is better off finds nothing, too."""
    closed, changed = set[Host](), False
    for crew in sorted(share.crews, key=Crew.level):
        while crew.hungry and (able := _able(crew)):
            givers = seat([crew], _better_off(share, able), closed, wide=wide)
            if givers is None:
                break
            changed = True
            if not givers:
                able[0].give_up(1)
    return changed


def _able(crew: Crew) -> list[Crew]:
    """Return the crews of the same pool that stay better off than one is if they give up a slot, the best off first."""
    level = crew.level()
    able = [other for other in crew.share.crews if other.count and other.level(-1) > level]
    return sorted(able, key=Crew.level, reverse=True)


def _better_off(share: Share, able: Sequence[Crew]) -> Giving:
    """Return a way to make room at the cost of some crews of a pool."""

    def giving(host: Host, coming: Share) -> Givers | None:
        if host.fits(coming):
            return []
        if share not in host.crews or host.needed(coming, share) > 1:
            return None
        return next(([other] for other in able if host in other.slots), None)

    return giving
