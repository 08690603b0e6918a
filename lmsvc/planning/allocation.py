"""Shares slots between managers: max-min fair over users, then jobs, then managers, with few moves."""

from collections.abc import Mapping, Sequence

from lmsvc.planning.demand import ManagerDemand
from lmsvc.planning.fair import Claim, share_out
from lmsvc.planning.placement import Placement, place
from lmsvc.planning.restricted import share_restricted

__all__ = ["Allocation", "ManagerDemand", "Placement", "allocate", "fair_shares"]

Allocation = dict[str, dict[str, dict[str, int]]]
"""Pool to project to host to number of slots."""


def allocate(
    demand: Sequence[ManagerDemand],
    capacity: Mapping[str, Mapping[str, int]],
    previous: Mapping[str, Placement],
) -> Allocation:
    """Share the slots of every pool, each pool by itself.

    Managers of small jobs get one slot each before anyone gets more. No slot is idle while a manager could use it. A
    manager gets slots of the hosts it may use only.

    Args:
        demand: one entry per manager.
        capacity: pool to host to number of slots.
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
    if any(manager.hosts is not None for manager in managers):
        return share_restricted(managers, capacity, previous)
    return place(fair_shares(managers, sum(capacity.values()), previous), capacity, previous)


def fair_shares(managers: Sequence[ManagerDemand], slots: int, previous: Placement) -> dict[str, int]:
    """Return how many of a pool's slots each manager gets where all may use every host.

    Args:
        managers: of one pool.
        slots: what there is.
        previous: the placement that stands; decides only who gets the slots that do not come out even.
    """
    held = {manager.project: sum(previous.get(manager.project, {}).values()) for manager in managers}
    sure = _first_slots(managers, slots, held)
    most = {manager.project: max(0, manager.tasks) for manager in managers}
    return _share(managers, slots, sure, most, held)


def _first_slots(managers: Sequence[ManagerDemand], slots: int, held: Mapping[str, int]) -> dict[str, int]:
    """Give each manager of a small job a slot, fairly if there are too few."""
    small = [manager for manager in managers if manager.lane == "small" and manager.tasks > 0]
    if len(small) <= slots:
        return {manager.project: 1 for manager in small}
    once = {manager.project: 1 for manager in small}
    return _share(small, slots, {}, once, {project: min(1, held[project]) for project in once})


def _share(
    managers: Sequence[ManagerDemand],
    slots: int,
    least: Mapping[str, int],
    most: Mapping[str, int],
    held: Mapping[str, int],
) -> dict[str, int]:
    """Share slots between users, each user's between jobs, each job's between managers."""
    tree: dict[str, dict[str, list[Claim]]] = {}
    for manager in managers:
        name = manager.project
        claim = Claim(name, least.get(name, 0), most[name], held[name])
        tree.setdefault(manager.user, {}).setdefault(manager.job, []).append(claim)
    jobs = {user: [_joined(job, claims) for job, claims in their.items()] for user, their in tree.items()}
    users = [_joined(user, claims) for user, claims in jobs.items()]
    share_out(users, slots)
    for user in users:
        share_out(jobs[user.name], user.share)
        for job in jobs[user.name]:
            share_out(tree[user.name][job.name], job.share)
    return {claim.name: claim.share for their in tree.values() for claims in their.values() for claim in claims}


def _joined(name: str, parts: Sequence[Claim]) -> Claim:
    return Claim(
        name,
        least=sum(part.least for part in parts),
        most=sum(part.most for part in parts),
        held=sum(part.held for part in parts),
    )
