"""Shares slots between managers: max-min fair over users, then jobs, then managers, with few moves."""

from collections.abc import Mapping, Sequence

from lmsvc.planning.bounds import HostRoom
from lmsvc.planning.crews import muster, relieve
from lmsvc.planning.demand import Allocation, ManagerDemand, Placement
from lmsvc.planning.fair import fair_shares
from lmsvc.planning.layout import Share
from lmsvc.planning.levelling import settle
from lmsvc.planning.placement import place
from lmsvc.planning.places import new_hosts

__all__ = ["Allocation", "ManagerDemand", "Placement", "allocate", "place_crews"]


def allocate(
    demand: Sequence[ManagerDemand],
    capacity: Mapping[str, Mapping[str, int]],
    previous: Mapping[str, Placement],
) -> Allocation:
    """Share the slots of every pool, each pool by itself.

    No slot is idle while a manager could use it, and a manager gets slots of the hosts it may use only. Managers that
    may use the same hosts are a crew. Crews are levelled by the part each has of what would be theirs if all could use
    every host; what a crew has is shared by users, their jobs and these jobs' managers, after a slot for each manager
    of a small job. Where all are of one crew that is exact.

    Args:
        demand: one entry per manager.
        capacity: pool to host to number of slots; managers that differ in hosts without any are of two crews, too.
        previous: the allocation that stands.

    Returns:
        For each pool every manager of the demand with its slots by host (empty where it gets none).
    """
    wanted: dict[str, list[ManagerDemand]] = {pool: [] for pool in capacity}
    for each in demand:
        wanted.setdefault(each.pool, []).append(each)
    return {
        pool: _share_pool(managers, capacity.get(pool, {}), previous.get(pool, {})) for pool, managers in wanted.items()
    }


def _share_pool(
    managers: Sequence[ManagerDemand], capacity: Mapping[str, int], previous: Placement
) -> dict[str, dict[str, int]]:
    if not any(capacity.values()):
        return {manager.project: {} for manager in managers}
    if all(manager.hosts is None for manager in managers):
        return place(fair_shares(managers, sum(capacity.values()), previous), capacity, previous)
    hosts = list(new_hosts({host: HostRoom(slots, slots) for host, slots in capacity.items()}).values())
    slots = sum(host.cores for host in hosts)
    share = Share("", cores=1, memory_mb=1, least=0, most=slots, left=slots)
    ordered = sorted(managers, key=lambda manager: manager.project)
    muster(share, ordered, hosts, previous)
    relieve(hosts, [share])
    settle([share])
    return place_crews(share, managers, previous)


def place_crews(share: Share, managers: Sequence[ManagerDemand], previous: Placement) -> dict[str, dict[str, int]]:
    """Return the slots by host of each manager of a pool whose crews have what they are to have."""
    placed: dict[str, dict[str, int]] = {manager.project: {} for manager in managers}
    for crew in share.crews:
        slots = {host.name: slots for host, slots in crew.slots.items()}
        if len(crew.managers) == 1:
            placed[crew.managers[0].project] = slots
        else:
            placed |= place(fair_shares(crew.managers, crew.count, previous), slots, previous)
    return placed
