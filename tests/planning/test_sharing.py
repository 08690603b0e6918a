"""Hosts are shared between pools fairly, wholly, safely and with few moves, whatever is asked for."""

import random
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from lmsvc.planning.allocation import Allocation
from lmsvc.planning.bounds import Slots
from lmsvc.planning.demand import ManagerDemand, Placement
from lmsvc.planning.fair import fair_shares
from tests.planning.labs import EQUAL, HELD, Lab, count, demands, fits, labs, largest, pasts


@given(labs(open_to_all=False), pasts(), HELD)
def test_nobody_gets_more_than_there_is_and_is_allowed(lab: Lab, past: Allocation, held: Slots) -> None:
    """No host has more than fits, no pool more than its bound and its tasks, no manager slots it may not use."""
    decision = lab.decide(past, held)
    assert all(fits(lab, decision.target, host) for host in lab.hosts)
    for name, slots in decision.target.items():
        assert all(number > 0 and lab.may_use(name, host) for host, number in slots.items())
        away = sum(number for host, number in held.get(name, {}).items() if not lab.may_use(name, host))
        assert count(slots) <= max(0, lab.pools[name].most - away)
        assert lab.useful(name, slots) == count(slots)
    for name, slots in decision.granted.items():
        assert all(0 < number <= decision.target[name][host] for host, number in slots.items())
        managers = decision.managers.get(name, {})
        given = Counter[str]()
        for hosts in managers.values():
            given.update(hosts)
        assert given == slots
    for manager in lab.demand:
        hosts = decision.managers[manager.pool][manager.project]
        assert count(hosts) <= manager.tasks
        assert manager.hosts is None or manager.hosts.issuperset(hosts)


@given(labs(open_to_all=False), pasts(), HELD)
def test_what_is_held_is_nobody_elses(lab: Lab, past: Allocation, held: Slots) -> None:
    """Slots that are held or granted fit their hosts and bounds together; nothing is added where those held do not."""
    granted = lab.decide(past, held).granted
    both = largest(held, granted)
    for host in lab.hosts:
        more = any(slots.get(host, 0) > held.get(name, {}).get(host, 0) for name, slots in granted.items())
        assert fits(lab, both, host) or not more
    for name, pool in lab.pools.items():
        assert count(both.get(name, {})) <= max(pool.most, count(held.get(name, {})))


@given(labs(open_to_all=False), pasts())
def test_no_room_is_idle_beside_tasks_that_could_use_it(lab: Lab, past: Allocation) -> None:
    """Where one slot more of a pool has room on a host, the pool is at its bound or has no task for it."""
    target = lab.decide(past, {}).target
    for name, host in ((name, host) for name in lab.pools for host in lab.hosts if lab.may_use(name, host)):
        more = {**target[name], host: target[name].get(host, 0) + 1}
        if fits(lab, {**target, name: more}, host) and count(more) <= lab.pools[name].most:
            assert lab.useful(name, more) == count(target[name])


@given(labs(), pasts())
def test_nobody_starves_beside_plenty(lab: Lab, past: Allocation) -> None:
    """A pool with tasks and no slot could not have one even if others gave all but their last on one host."""
    target = lab.decide(past, {}).target
    for name, pool in lab.pools.items():
        if count(target[name]) or not pool.most or not any(each.tasks for each in lab.demand if each.pool == name):
            continue
        for host in (host for host in lab.hosts if lab.may_use(name, host)):
            last = {other: {host: max(0, slots.get(host, 0) - count(slots) + 1)} for other, slots in target.items()}
            assert not fits(lab, {**last, name: {host: 1}}, host)


@settings(max_examples=300)
@given(labs(open_to_all=False), pasts())
def test_managers_of_some_hosts_are_not_left_out(lab: Lab, past: Allocation) -> None:
    """Where managers of the same hosts are due a slot and have none, no others of the pool have two and use those."""
    decision = lab.decide(past, {})
    for name in lab.pools:
        crews = defaultdict[frozenset[str], list[ManagerDemand]](list)
        for manager in (each for each in lab.demand if each.pool == name and each.tasks and usable(lab, each)):
            crews[usable(lab, manager)].append(manager)
        working = [manager for crew in crews.values() for manager in crew]
        fair = fair_shares(working, count(decision.target[name]), {})
        placed = [_together(decision.managers[name], crew) for crew in crews.values()]
        for (hosts, crew), own in zip(crews.items(), placed, strict=True):
            if any(fair[manager.project] for manager in crew) and not own:
                assert not any(other.total() > 1 and not hosts.isdisjoint(other) for other in placed)


def usable(lab: Lab, manager: ManagerDemand) -> frozenset[str]:
    """Return the hosts that a manager may use and that have room for a slot of its pool."""
    fitting = {host for host, room in lab.hosts.items() if lab.pools[manager.pool].fitting(room)}
    names = fitting if manager.hosts is None else fitting & manager.hosts
    return frozenset(host for host in names if lab.may_use(manager.pool, host))


def _together(placement: Placement, managers: Collection[ManagerDemand]) -> Counter[str]:
    slots = Counter[str]()
    for manager in managers:
        slots.update(placement[manager.project])
    return slots


def feasible(lab: Lab, counts: Mapping[str, int]) -> bool:
    """Say whether pools of equal slots can have so many: no set of pools has more than its hosts together."""
    for size in range(1, len(counts) + 1):
        for some in combinations(counts, size):
            hosts = {host for host in lab.hosts for name in some if lab.may_use(name, host)}
            if sum(counts[name] for name in some) > sum(lab.hosts[host].cores for host in hosts):
                return False
    return True


@given(labs(EQUAL), pasts(), HELD)
def test_nobody_has_more_at_the_cost_of_who_has_less(lab: Lab, past: Allocation, held: Slots) -> None:
    """However things stood, no pool of equal slots could have one more, but of a pool that would be no better off."""
    held = {name: _usable(lab, name, slots) for name, slots in held.items() if name in lab.pools}
    counts = {name: count(slots) for name, slots in lab.decide(past, held).target.items()}
    for name, pool in lab.pools.items():
        more = {**counts, name: counts[name] + 1}
        if more[name] > min(pool.most, sum(each.tasks for each in lab.demand if each.pool == name)):
            continue
        assert not feasible(lab, more)
        for other in counts.keys() - {name}:
            less = lab.level(other, counts[other] - 1)
            assert less <= lab.level(name, counts[name]) or not feasible(lab, {**more, other: counts[other] - 1})


def _usable(lab: Lab, pool: str, slots: Mapping[str, int]) -> dict[str, int]:
    return {host: number for host, number in slots.items() if lab.may_use(pool, host)}


@given(labs(open_to_all=False), pasts())
def test_the_same_question_changes_nothing(lab: Lab, past: Allocation) -> None:
    """Deciding again with what was decided gives the same, in whatever order managers and pools are told."""
    first = lab.decide(past, {})
    assert lab.decide(first.managers, first.granted) == first
    turned = Lab(lab.demand[::-1], dict(reversed(lab.pools.items())), lab.hosts, lab.serving)
    assert turned.decide(first.managers, first.granted) == first


@given(labs(), pasts(), HELD)
def test_waiting_for_others_comes_to_rest(lab: Lab, past: Allocation, held: Slots) -> None:
    """As long as others hold what they held, deciding again soon changes nothing more: slots do not swing."""
    decision = lab.decide(past, held)
    for _ in range(3):
        decision = lab.decide(decision.managers, held)
    again = lab.decide(decision.managers, held)
    assert again.granted == decision.granted
    assert again.managers == decision.managers


@given(labs(EQUAL), pasts(), HELD)
def test_waiting_for_others_changes_no_number(lab: Lab, past: Allocation, held: Slots) -> None:
    """However often it is decided while others hold what they held, pools of equal slots are to have as many."""
    first = lab.decide(past, held)
    again = lab.decide(first.managers, held)
    assert _levels(lab, again.target) == _levels(lab, first.target)


def _levels(lab: Lab, slots: Slots) -> list[tuple[bool, bool, int]]:
    return sorted(lab.level(name, count(hosts)) for name, hosts in slots.items())


@given(labs(EQUAL, free=True), st.data())
def test_nobody_moves_without_need(lab: Lab, data: st.DataObject) -> None:
    """Where all may use every host, other demand takes no slot from a pool that it is to keep."""
    first = lab.decide({}, {}).target
    before = lab.decide({}, {})
    lab.demand = data.draw(demands(free=True))
    second = lab.decide(before.managers, before.granted).target
    for name, slots in second.items():
        kept = sum(min(number, first[name].get(host, 0)) for host, number in slots.items())
        assert kept == min(count(slots), count(first[name]))


@given(labs(open_to_all=False), labs(open_to_all=False), st.randoms(use_true_random=False))
def test_hosts_pass_from_one_pool_to_another_safely(first: Lab, second: Lab, rng: random.Random) -> None:
    """While tasks of pools that give way end one by one, no host has too many; in the end all have their target."""
    first.pools, first.hosts = second.pools, second.hosts
    decision = first.decide({}, {})
    held = decision.granted
    for ending in (0.4, 0.4, 1, 1, 1, 1):
        decision = second.decide(decision.managers, held)
        at_work = largest(decision.granted, held)
        assert all(fits(second, at_work, host) for host in second.hosts)
        held = {pool: _staying(slots, decision.granted.get(pool, {}), ending, rng) for pool, slots in at_work.items()}
    decision = second.decide(decision.managers, held)
    assert decision.granted == decision.target
    assert second.decide(decision.managers, decision.granted) == decision


def _staying(slots: Mapping[str, int], granted: Mapping[str, int], ending: float, rng: random.Random) -> dict[str, int]:
    """Return slots without those that have ended among the ones that are to go."""
    going = {host: number - granted.get(host, 0) for host, number in slots.items()}
    ended = {host: sum(rng.random() < ending for _ in range(number)) for host, number in going.items()}
    return {host: number - ended[host] for host, number in slots.items()}
