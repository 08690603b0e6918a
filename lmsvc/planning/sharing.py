"""Shares the hosts between pools by demand, and each pool's slots between its managers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lmsvc.planning.allocation import allocate, place_crews
from lmsvc.planning.bounds import HostRoom, PoolBounds, Slots
from lmsvc.planning.crews import muster, relieve
from lmsvc.planning.demand import Allocation, ManagerDemand
from lmsvc.planning.granting import grant
from lmsvc.planning.layout import Alive, Share
from lmsvc.planning.levelling import settle
from lmsvc.planning.places import Host, hold, new_hosts

__all__ = ["Alive", "Decision", "Slots", "decide"]


@dataclass(frozen=True)
class Decision:
    """Who may use what."""

    target: Slots
    """Each pool's slots by host, once those that others hold are free."""
    granted: Slots
    """Each pool's slots by host that may work now."""
    managers: Allocation
    """The granted slots by pool, manager and host."""


def decide(
    demand: Sequence[ManagerDemand],
    pools: Mapping[str, PoolBounds],
    hosts: Mapping[str, HostRoom],
    serving: Mapping[str, frozenset[str]],
    previous: Allocation,
    held: Mapping[str, Mapping[str, int]],
    alive: Mapping[str, Mapping[str, Alive]] | None = None,
) -> Decision:
    """Share the hosts between pools, and each pool's slots between its managers.

    Every pool that has tasks gets a slot, then up to its least, then all get equally many cores as far as their bounds
    and their tasks go. What stands is left where it is unless a pool that is worse off needs it.

    Of a pool, managers that may use the same hosts share exactly, as if they were alone; such groups are levelled by
    what would be theirs if all could use every host. That is weaker than a fair share of each user's over all hosts.

    Args:
        demand: one entry per manager; tasks on hosts that serve no more are best left out.
        pools: bounds by the pool's name; one that is to end, with a most of 0, as long as it holds slots.
        hosts: room by the host's name.
        serving: for each pool the hosts whose agents can be told to use its slots.
        previous: the managers' slots of the decision that stands.
        held: for each pool and host the slots that may be at work still, granted now or not.
        alive: for each pool and host the slots that are kept alive; those are used, and idle ones given up, first.
    """
    managers: dict[str, list[ManagerDemand]] = {name: [] for name in pools}
    for each in sorted(demand, key=lambda manager: manager.project):
        managers.setdefault(each.pool, []).append(each)
    shares, room = _mustered(managers, pools, hosts, serving, previous, held, alive or {})
    relieve(list(room.values()), shares)
    settle(shares)
    target = {share.name: {host.name: slots for host, slots in share.slots.items()} for share in shares}
    granted = grant(target, pools, hosts, held)
    return Decision(target, granted, _allocated(shares, managers, target, granted, previous))


def _mustered(
    managers: Mapping[str, Sequence[ManagerDemand]],
    pools: Mapping[str, PoolBounds],
    hosts: Mapping[str, HostRoom],
    serving: Mapping[str, frozenset[str]],
    previous: Allocation,
    held: Mapping[str, Mapping[str, int]],
    alive: Mapping[str, Mapping[str, Alive]],
) -> tuple[list[Share], dict[str, Host]]:
    """Return the pools with what of the decision that stands they can use, and the hosts."""
    room, shares = new_hosts(hosts), list[Share]()
    for name, bounds in sorted(pools.items()):
        usable = [host for host in room.values() if host.name in serving.get(name, ()) and bounds.may_use(host.name)]
        share = _new_share(name, bounds, held.get(name, {}), usable)
        share.alive = alive.get(name, {})
        hold(share.held, bounds, room)
        muster(share, managers[name], [host for host in usable if host.holds(share)], previous.get(name, {}))
        shares.append(share)
    return shares, room


def _allocated(
    shares: Sequence[Share],
    managers: Mapping[str, Sequence[ManagerDemand]],
    target: Slots,
    granted: Slots,
    previous: Allocation,
) -> Allocation:
    """Return the managers' slots of what is granted: where that is all, crews have what they are to have already."""
    several = [share for share in shares if len(share.crews) > 1 and granted[share.name]]
    moved = {share.name: place_crews(share, managers[share.name], previous.get(share.name, {})) for share in several}
    found = {name: placed for name, placed in moved.items() if granted[name] == target[name]}
    capacity = {share.name: _of_all(share, granted[share.name]) for share in shares if share.name not in found}
    demand = [manager for name, their in managers.items() if name not in found for manager in their]
    return found | allocate(demand, capacity, {**previous, **moved})


def _of_all(share: Share, slots: Mapping[str, int]) -> dict[str, int]:
    """Return a pool's slots by host for all hosts that any of its managers may use."""
    return {host.name: slots.get(host.name, 0) for crew in share.crews for host in crew.hosts}


def _new_share(name: str, bounds: PoolBounds, held: Mapping[str, int], usable: Sequence[Host]) -> Share:
    """Return a pool without slots; what it holds where it may have none counts against its bound until it is free."""
    names = {host.name for host in usable}
    away = sum(slots for host, slots in held.items() if host not in names)
    most, left = max(0, bounds.most - away), bounds.most - sum(held.values())
    return Share(name, bounds.cores, bounds.memory_mb, bounds.least, most, left, held, gpus=bounds.gpus)
