"""Makes the crews that pools share their slots among, and keeps the crews of a pool even."""

from collections import Counter
from collections.abc import Mapping, Sequence

from lmsvc.planning.allocation import fair_shares
from lmsvc.planning.chains import Chains, Givers
from lmsvc.planning.demand import ManagerDemand
from lmsvc.planning.growing import give_up
from lmsvc.planning.layout import Crew, Host, Share
from lmsvc.planning.placement import Placement


def muster(share: Share, managers: Sequence[ManagerDemand], usable: Sequence[Host], previous: Placement) -> None:
    """Give a pool its crews, and these what the placement that stands gives them, as far as they can use it.

    Args:
        share: the pool, which has nothing yet.
        managers: those of the pool.
        usable: hosts that the pool may use now.
        previous: the placement that stands.
    """
    crew_of = _crews(share, managers, usable)
    hosts = {host.name: host for host in usable}
    ownerless = Counter[Host]()
    for project, placed in previous.items():
        crew = crew_of.get(project)
        for host, slots in ((hosts[name], slots) for name, slots in placed.items() if name in hosts and slots > 0):
            share.before[host] = share.before.get(host, 0) + slots
            if crew and host in crew.hosts:
                crew.put(host, slots)
            else:
                ownerless[host] += slots
    for crew in share.crews:
        give_up(crew, crew.count - crew.tasks)
    _inherit(share, ownerless)
    for crew in share.crews:
        give_up(crew, min(crew.count, share.count - share.most))


def _crews(share: Share, managers: Sequence[ManagerDemand], usable: Sequence[Host]) -> dict[str, Crew]:
    """Return the crew of each project."""
    choices: dict[frozenset[str] | None, tuple[Host, ...]] = {}
    large = [host for host in usable if host.holds(share)]
    crews: dict[tuple[Host, ...], Crew] = {}
    found = {}
    for manager in managers:
        names = manager.hosts
        if names not in choices:
            choices[names] = tuple(host for host in large if names is None or host.name in names)
        crew = found[manager.project] = crews.setdefault(choices[names], Crew(share, choices[names]))
        crew.managers.append(manager)
        crew.tasks += max(0, manager.tasks)
    share.crews = [crew for hosts, crew in crews.items() if hosts and crew.tasks]
    return {project: crew for project, crew in found.items() if crew in share.crews}


def _inherit(share: Share, slots: Mapping[Host, int]) -> None:
    """Give slots of managers that are gone to others of their pool."""
    left = Counter(slots)
    for host in slots:
        for crew in (crew for crew in share.crews if host in crew.hosts):
            taken = min(left[host], crew.tasks - crew.count)
            if taken > 0:
                crew.put(host, taken)
                left[host] -= taken


def relieve(hosts: Sequence[Host], shares: Sequence[Share]) -> None:
    """Take slots off hosts that have too many, and those that could not work beside what is still held.

    Args:
        hosts: all of them.
        shares: all pools; those that are best off give first.
    """
    for share in shares:
        _relieve_bound(share)
    for host in hosts:
        while host.cores < 0 or host.memory_mb < 0:
            if not _relieve(host, shares, {}):
                break
        while host.cores_now < 0 or host.memory_now < 0:
            if not _relieve(host, shares, {share: share.held.get(host.name, 0) for share in shares}):
                break


def _relieve_bound(share: Share) -> None:
    """Take slots from a pool that could not work beside those it still holds elsewhere."""
    for host, slots in list(share.slots.items()):
        for _ in range(min(-share.left, slots - share.held.get(host.name, 0))):
            share.crew_at(host).put(host, -1)


def _relieve(host: Host, shares: Sequence[Share], sure: Mapping[Share, int]) -> bool:
    """Take one slot of a host from the richest pool that has more than is sure there; False if none has."""
    giving = [share for share in shares if share.slots.get(host, 0) > sure.get(share, 0)]
    if giving:
        max(giving, key=lambda share: (share.level(), share.name)).crew_at(host).put(host, -1)
    return bool(giving)


def even_out(share: Share, shares: Sequence[Share], previous: Placement) -> bool:
    """Let crews of a pool that have less than is due to them have slots of those that have more; False if none can.

    Args:
        share: the pool.
        shares: all pools, whose slots may be moved for it.
        previous: the pool's placement that stands.
    """
    if len(share.crews) < 2:
        return False
    due = _due(share, previous)
    chains = Chains(
        [crew for each in shares for crew in each.crews], lambda host, coming: _spare(share, due, host, coming)
    )
    changed = False
    for crew in share.crews:
        while crew.count < due[crew] and (givers := chains.seat(crew)) is not None:
            changed = True
            if not givers:
                give_up(_most_ahead(share, due, crew), 1)
    return changed


def _most_ahead(share: Share, due: Mapping[Crew, int], seated: Crew) -> Crew:
    """Return the crew that has most above what is due to it; of equals one that has a user of the crew just seated."""
    users = {manager.user for manager in seated.managers}

    def ahead(crew: Crew) -> tuple[int, bool]:
        return crew.count - due[crew], any(manager.user in users for manager in crew.managers)

    return max(share.crews, key=ahead)


def _due(share: Share, previous: Placement) -> dict[Crew, int]:
    """Return what each crew had if all could use every host."""
    managers = [manager for crew in share.crews for manager in crew.managers]
    fair = fair_shares(managers, share.count, previous)
    return {crew: sum(fair[manager.project] for manager in crew.managers) for crew in share.crews}


def _spare(share: Share, due: Mapping[Crew, int], host: Host, coming: Share) -> Givers | None:
    """Return who of a pool gives up a slot that is not due to it, so that one of another fits."""
    if host.fits(coming):
        return []
    if host.needed(coming, share) > 1:
        return None
    giver = next((crew for crew in share.crews if host in crew.slots and crew.count > due[crew]), None)
    return [giver] if giver else None
