"""Shares the hosts between pools by demand, and each pool's slots between its managers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lmsvc.planning.allocation import Allocation, allocate
from lmsvc.planning.bounds import HostRoom, PoolBounds, Slots
from lmsvc.planning.crews import even_out, muster, relieve
from lmsvc.planning.demand import ManagerDemand
from lmsvc.planning.granting import grant
from lmsvc.planning.layout import Alive, Host, Share, hold, new_hosts
from lmsvc.planning.levelling import Levelling

__all__ = ["Alive", "Decision", "Slots", "decide"]

MOST_ROUNDS = 8
"""How often managers that may use some hosts only are shared among again, until that leads to nothing new.

Crews even out by what were fair if all could use every host, their managers by what is on the hosts they can use: each
can undo what the other did. Of decisions that follow each other in a circle always the same one is taken.
"""


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

    Args:
        demand: one entry per manager; tasks on hosts that serve no more are best left out.
        pools: bounds by the pool's name; one that is to end, with a most of 0, as long as it holds slots.
        hosts: room by the host's name.
        serving: for each pool the hosts whose agents can be told to use its slots.
        previous: the managers' slots of the decision that stands.
        held: for each pool and host the slots that may be at work still, granted now or not.
        alive: for each pool and host the slots that are kept alive; those are used, and idle ones given up, first.
    """
    ordered = sorted(demand, key=lambda manager: manager.project)
    found = [_decide(ordered, pools, hosts, serving, previous, held, alive or {})]
    if found[0].managers == previous or all(manager.hosts is None for manager in demand):
        return found[0]
    for _ in range(MOST_ROUNDS):
        again = _decide(ordered, pools, hosts, serving, found[-1].managers, held, alive or {})
        if again in found:
            return min(found[found.index(again) :], key=_spelled)
        found.append(again)
    return found[-1]


def _spelled(decision: Decision) -> str:
    """Return a decision as text that is the same for equal ones."""
    return json.dumps((decision.target, decision.managers), sort_keys=True)


def _decide(
    demand: Sequence[ManagerDemand],
    pools: Mapping[str, PoolBounds],
    hosts: Mapping[str, HostRoom],
    serving: Mapping[str, frozenset[str]],
    previous: Allocation,
    held: Mapping[str, Mapping[str, int]],
    alive: Mapping[str, Mapping[str, Alive]],
) -> Decision:
    room, managers = new_hosts(hosts), dict[str, list[ManagerDemand]]()
    for each in demand:
        managers.setdefault(each.pool, []).append(each)
    shares = []
    for name, bounds in sorted(pools.items()):
        usable = [host for host in room.values() if host.name in serving.get(name, ()) and bounds.may_use(host.name)]
        share = _new_share(name, bounds, held.get(name, {}), usable)
        share.alive = alive.get(name, {})
        hold(share.held, bounds, room)
        muster(share, managers.get(name, []), usable, previous.get(name, {}))
        shares.append(share)
    relieve(list(room.values()), shares)
    _share_out(shares, previous)
    target = {share.name: {host.name: slots for host, slots in share.slots.items()} for share in shares}
    granted = grant(target, pools, hosts, held)
    return Decision(target, granted, allocate(demand, granted, previous))


def _new_share(name: str, bounds: PoolBounds, held: Mapping[str, int], usable: Sequence[Host]) -> Share:
    """Return a pool without slots; what it holds where it may have none counts against its bound until it is free."""
    names = {host.name for host in usable}
    away = sum(slots for host, slots in held.items() if host not in names)
    most, left = max(0, bounds.most - away), bounds.most - sum(held.values())
    return Share(name, bounds.cores, bounds.memory_mb, bounds.least, most, left, held)


def _share_out(shares: Sequence[Share], previous: Allocation) -> None:
    levelling = Levelling(shares)
    levelling.run()
    while any([even_out(share, shares, previous.get(share.name, {})) for share in shares]):
        levelling.run()
