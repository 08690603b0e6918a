"""Max-min fair shares of whole slots: between claims, and between users, their jobs and these jobs' managers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lmsvc.planning.demand import ManagerDemand, Placement


@dataclass
class Claim:
    """What one claimant may get and gets."""

    name: str
    least: int
    """It gets so much before anyone gets more."""
    most: int
    held: int
    """What it has now; decides only who gets the slots that do not come out even."""
    share: int = 0


def share_out(claims: Sequence[Claim], slots: int) -> None:
    """Set every claim's share: as equal as its bounds allow, and together all slots or all that is asked for.

    Args:
        claims: their least amounts together must not be more than the slots.
        slots: what there is.
    """
    if len(claims) == 1:
        claims[0].share = min(slots, claims[0].most)
        return
    level, odd = _level(claims, slots)
    for claim in claims:
        claim.share = min(max(level, claim.least), claim.most)
    if odd:
        between = [claim for claim in claims if claim.least <= level < claim.most]
        for claim in sorted(between, key=lambda claim: (claim.held <= level, claim.name))[:odd]:
            claim.share += 1


def _level(claims: Sequence[Claim], slots: int) -> tuple[int, int]:
    """Return the level up to which all are served, and the slots left over at it."""
    left = slots - sum(claim.least for claim in claims)
    turns = [(claim.least, 1) for claim in claims] + [(claim.most, -1) for claim in claims]
    level = rising = 0
    for at, change in sorted(turns):
        needed = rising * (at - level)
        if needed > left:
            whole, odd = divmod(left, rising)
            return level + whole, odd
        left -= needed
        level, rising = at, rising + change
    return level, 0


def fair_shares(managers: Sequence[ManagerDemand], slots: int, previous: Placement) -> dict[str, int]:
    """Return how many of a pool's slots each manager gets where all may use every host.

    Args:
        managers: of one pool.
        slots: what there is.
        previous: the placement that stands; decides only who gets the slots that do not come out even.
    """
    if len(managers) == 1:
        return {managers[0].project: max(0, min(slots, managers[0].tasks))}
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
    if len(parts) == 1:
        return Claim(name, parts[0].least, parts[0].most, parts[0].held)
    return Claim(
        name,
        least=sum(part.least for part in parts),
        most=sum(part.most for part in parts),
        held=sum(part.held for part in parts),
    )
