"""Makes the crews that pools share their slots among, and takes from them what cannot stand."""

from collections import Counter
from collections.abc import Mapping, Sequence

from lmsvc.planning.demand import ManagerDemand, Placement
from lmsvc.planning.layout import Crew, Share
from lmsvc.planning.places import Host


def muster(share: Share, managers: Sequence[ManagerDemand], usable: Sequence[Host], previous: Placement) -> None:
    """Give a pool its crews, and these what the placement that stands gives them, as far as they can use it.

    Args:
        share: the pool, which has nothing yet.
        managers: those of the pool.
        usable: hosts that have room for a slot of the pool and that it may use now; which of them its managers may use
            makes the crews.
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
        crew.give_up(crew.count - crew.tasks)
    _inherit(share, ownerless)
    for crew in share.crews:
        crew.give_up(min(crew.count, share.count - share.most))


def _crews(share: Share, managers: Sequence[ManagerDemand], usable: Sequence[Host]) -> dict[str, Crew]:
    """Return the crew of each project."""
    by_name = {host.name: host for host in usable}
    choices: dict[frozenset[str] | None, Crew] = {}
    crews: dict[tuple[Host, ...], Crew] = {}
    found = {}
    for manager in managers:
        names = manager.hosts
        if names not in choices:
            hosts = tuple(by_name[name] for name in sorted(by_name if names is None else names & by_name.keys()))
            choices[names] = crews.setdefault(hosts, Crew(share, hosts, number=len(crews)))
        crew = found[manager.project] = choices[names]
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
        _relieve_gpus(host, [share for share in shares if share.gpus])


def _relieve_gpus(host: Host, shares: Sequence[Share]) -> None:
    """Take slots of pools with GPUs off a host that has too few of these, and those that could not work now."""
    while host.gpus < 0 and _relieve(host, shares, {}):
        continue
    held = {share: share.held.get(host.name, 0) for share in shares}
    while host.gpus_now < 0 and _relieve(host, shares, held):
        continue


def _relieve_bound(share: Share) -> None:
    """Take slots from a pool that could not work beside those it still holds elsewhere."""
    for host, slots in list(share.slots.items()):
        share.give(host, max(0, min(-share.left, slots - share.held.get(host.name, 0))))


def _relieve(host: Host, shares: Sequence[Share], sure: Mapping[Share, int]) -> bool:
    """Take one slot of a host from the richest pool that has more than is sure there; False if none has."""
    giving = [share for share in shares if share.slots.get(host, 0) > sure.get(share, 0)]
    if giving:
        max(giving, key=lambda share: (share.level(-1), share.name)).give(host, 1)
    return bool(giving)
