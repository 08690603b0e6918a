"""Max-min fair shares of whole slots: between claims, and between users, their jobs and these jobs' managers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

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
    return FairShares(managers, previous).of(slots)


class FairShares:
    """The shares of some managers of any number of slots."""

    def __init__(self, managers: Sequence[ManagerDemand], previous: Placement) -> None:
        """Share between managers of one pool, after a placement that stands."""
        self._managers = managers
        self._previous = previous
        self._small = [manager for manager in managers if manager.lane == "small" and manager.tasks > 0]

    def of(self, slots: int) -> dict[str, int]:
        """Return how many of some slots each manager gets."""
        if len(self._managers) == 1:
            return {self._managers[0].project: max(0, min(slots, self._managers[0].tasks))}
        if len(self._small) <= slots:
            return self._enough.share_out(slots)
        return _Claims(self._managers, self._first_slots(slots), self._most, self._held).share_out(slots)

    @cached_property
    def _enough(self) -> "_Claims":
        """What is claimed where there is a slot for each manager of a small job."""
        return _Claims(self._managers, {manager.project: 1 for manager in self._small}, self._most, self._held)

    @cached_property
    def _most(self) -> dict[str, int]:
        return {manager.project: max(0, manager.tasks) for manager in self._managers}

    @cached_property
    def _held(self) -> dict[str, int]:
        return {each.project: sum(self._previous.get(each.project, {}).values()) for each in self._managers}

    def _first_slots(self, slots: int) -> dict[str, int]:
        """Give the managers of small jobs too few slots for each to have one, fairly."""
        once = {manager.project: 1 for manager in self._small}
        return _Claims(self._small, {}, once, {name: min(1, self._held[name]) for name in once}).share_out(slots)


class _Claims:
    """What users, their jobs and these jobs' managers claim."""

    def __init__(
        self,
        managers: Sequence[ManagerDemand],
        least: Mapping[str, int],
        most: Mapping[str, int],
        held: Mapping[str, int],
    ) -> None:
        self._managers: dict[str, dict[str, list[Claim]]] = {}
        for manager in managers:
            name = manager.project
            claim = Claim(name, least.get(name, 0), most[name], held[name])
            self._managers.setdefault(manager.user, {}).setdefault(manager.job, []).append(claim)
        self._jobs = {
            user: [_joined(job, claims) for job, claims in their.items()] for user, their in self._managers.items()
        }
        self._users = [_joined(user, claims) for user, claims in self._jobs.items()]

    def share_out(self, slots: int) -> dict[str, int]:
        """Share slots between users, each user's between jobs, each job's between managers."""
        share_out(self._users, slots)
        for user in self._users:
            share_out(self._jobs[user.name], user.share)
            for job in self._jobs[user.name]:
                share_out(self._managers[user.name][job.name], job.share)
        return {
            claim.name: claim.share for jobs in self._managers.values() for their in jobs.values() for claim in their
        }


def _joined(name: str, parts: Sequence[Claim]) -> Claim:
    if len(parts) == 1:
        return Claim(name, parts[0].least, parts[0].most, parts[0].held)
    return Claim(
        name,
        least=sum(part.least for part in parts),
        most=sum(part.most for part in parts),
        held=sum(part.held for part in parts),
    )
