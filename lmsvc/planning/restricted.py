"""Shares slots where managers may use some hosts only: one slot after the other, to who has least and can use it."""

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence

from lmsvc.planning.demand import ManagerDemand
from lmsvc.planning.placement import Placement, keep
from lmsvc.planning.seating import Seating

_Key = tuple[tuple[int, bool, str], ...]


def share_restricted(
    managers: Sequence[ManagerDemand], capacity: Mapping[str, int], previous: Placement
) -> dict[str, dict[str, int]]:
    """Return every manager's slots by host, fair over users, jobs and managers, as few as possible moved.

    Args:
        managers: of one pool.
        capacity: slots by host.
        previous: the placement that stands.
    """
    allowed = {manager.project: manager.hosts for manager in managers}
    before = {
        manager.project: {
            host: slots
            for host, slots in previous.get(manager.project, {}).items()
            if manager.hosts is None or host in manager.hosts
        }
        for manager in managers
    }
    shares = _shares(managers, Seating(allowed, capacity, {}), before)
    placed, free = keep(shares, capacity, before)
    seating = Seating(allowed, free, placed)
    for project in sorted(shares, key=lambda project: (len(allowed[project] or capacity), project)):
        for _ in range(shares[project] - sum(placed[project].values())):
            seating.add(project)
    return seating.placed


def _shares(managers: Sequence[ManagerDemand], seating: Seating, before: Placement) -> dict[str, int]:
    turns = _Turns(managers, before)
    small = [manager for manager in managers if manager.lane == "small" and manager.tasks > 0]
    turns.serve(small, {manager.project: 1 for manager in small}, seating)
    turns.serve(managers, {manager.project: manager.tasks for manager in managers}, seating)
    return {manager.project: turns.share(manager) for manager in managers}


class _Turns:
    """Whose turn it is: of the user who has least, of the job that has least, the manager that has least."""

    def __init__(self, managers: Sequence[ManagerDemand], before: Placement) -> None:
        self._shares = Counter[tuple[str, ...]]()
        self._held = Counter[tuple[str, ...]]()
        for manager in managers:
            for level in _levels(manager):
                self._held[level] += sum(before[manager.project].values())

    def share(self, manager: ManagerDemand) -> int:
        """Return how many slots a manager has."""
        return self._shares[_levels(manager)[-1]]

    def serve(self, managers: Sequence[ManagerDemand], most: Mapping[str, int], seating: Seating) -> None:
        """Give managers slots up to their most, until there is none that anybody can use."""
        waiting = [(self._key(manager), manager.project, manager) for manager in managers]
        heapq.heapify(waiting)
        while waiting:
            key, project, manager = heapq.heappop(waiting)
            if self.share(manager) >= most[project]:
                continue
            if key == self._key(manager):
                if not seating.add(project):
                    continue
                self._shares.update(_levels(manager))
            heapq.heappush(waiting, (self._key(manager), project, manager))

    def _key(self, manager: ManagerDemand) -> _Key:
        """Return a key that only grows: who holds more than an equal share goes before others who have as much."""
        return tuple(
            (self._shares[level], self._held[level] <= self._shares[level], level[-1]) for level in _levels(manager)
        )


def _levels(manager: ManagerDemand) -> tuple[tuple[str, ...], ...]:
    path = (manager.user, manager.job, manager.project)
    return path[:1], path[:2], path
