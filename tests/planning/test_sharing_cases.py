"""What sharing comes to in cases that a reader can follow, and how long it takes in a large one."""

import random
import time
from collections.abc import Mapping

import pytest

from lmsvc.controller.garbage import collected_by_hand
from lmsvc.planning.allocation import Allocation, ManagerDemand
from lmsvc.planning.bounds import HostRoom, PoolBounds
from lmsvc.planning.layout import Crew, Share
from lmsvc.planning.levelling import Levelling
from lmsvc.planning.places import new_hosts
from lmsvc.planning.sharing import Alive, Decision, decide
from tests.planning.labs import Lab, count

TWO = {"g": HostRoom(6, 99_000), "h": HostRoom(2, 99_000)}
BOTH = frozenset(TWO)


def asking(pool: str, tasks: int, hosts: frozenset[str] | None = None, user: str = "ann") -> ManagerDemand:
    """Return a manager of a pool."""
    return ManagerDemand(f"lm-{pool}-{user}", pool, user, f"job-{user}", tasks, hosts=hosts)


def test_two_pools_of_the_same_hosts_come_to_equal_shares() -> None:
    """A pool that has every core gives half of them to a second one as its tasks end, and gets them back later."""
    lab = Lab([asking("a", 99)], dict.fromkeys("ab", PoolBounds(1, 100, 0, 8)), TWO, dict.fromkeys("ab", BOTH))
    alone = lab.decide({}, {})
    assert alone.granted == {"a": {"g": 6, "h": 2}, "b": {}}
    lab.demand.append(asking("b", 99))
    waiting = lab.decide(alone.managers, alone.granted)
    assert {pool: count(slots) for pool, slots in waiting.target.items()} == {"a": 4, "b": 4}
    assert waiting.granted == {"a": waiting.target["a"], "b": {}}
    both = lab.decide(waiting.managers, waiting.granted)
    assert both.granted == both.target == waiting.target
    del lab.demand[0]
    assert count(lab.decide(both.managers, {"b": both.granted["b"]}).granted["b"]) == 8


def test_shares_are_equal_in_cores_above_what_each_has_at_least() -> None:
    """A pool with large slots gets fewer of them, and one whose least is above its share keeps that."""
    pools = {"one": PoolBounds(1, 100, 0, 9), "two": PoolBounds(2, 100, 0, 9), "sure": PoolBounds(1, 100, 4, 9)}
    lab = Lab([asking(name, 99) for name in pools], pools, {"g": HostRoom(8, 9999)}, dict.fromkeys(pools, BOTH))
    target = lab.decide({}, {}).target
    assert target == {"one": {"g": 2}, "two": {"g": 1}, "sure": {"g": 4}}


def test_what_a_pool_has_at_least_leaves_the_last_slot_to_another() -> None:
    """A pool whose least is all there is gives one slot to a pool that would have none."""
    pools = {"sure": PoolBounds(1, 100, 8, 8), "b": PoolBounds(1, 100, 0, 9)}
    lab = Lab([asking(name, 99) for name in pools], pools, TWO, dict.fromkeys(pools, BOTH))
    assert {name: count(slots) for name, slots in lab.decide({}, {}).target.items()} == {"sure": 7, "b": 1}


def test_memory_bounds_slots_too() -> None:
    """A host without memory left gets no more slots, whatever cores it has."""
    lab = Lab([asking("a", 99)], {"a": PoolBounds(1, 3000, 0, 9)}, {"g": HostRoom(8, 10_000)}, {"a": BOTH})
    assert lab.decide({}, {}).target == {"a": {"g": 3}}


def test_a_bound_counts_slots_that_are_still_held_elsewhere() -> None:
    """Slots that run on a drained host count against the pool's most until they end."""
    lab = Lab([asking("a", 99)], {"a": PoolBounds(1, 100, 0, 4)}, TWO, {"a": frozenset("g")})
    assert lab.decide({}, {"a": {"h": 2}}).granted == {"a": {"g": 2}}
    assert lab.decide({}, {}).granted == {"a": {"g": 4}}


def test_managers_of_one_host_are_not_left_out_at_the_bound() -> None:
    """A pool at its bound gives up slots of one user's where another user's manager can use another host only."""
    ann, bob = asking("a", 99), asking("a", 99, frozenset("h"), "bob")
    lab = Lab([ann], {"a": PoolBounds(1, 100, 0, 4)}, TWO, {"a": BOTH})
    before = {"a": {ann.project: {"g": 4}}}
    lab.demand.append(bob)
    decision = lab.decide(before, {})
    assert decision.managers["a"] == {ann.project: {"g": 2}, bob.project: {"h": 2}}


def test_slots_that_are_alive_are_used_and_idle_ones_given_up_first() -> None:
    """A pool grows where its slots are kept alive, and gives up the ones that have no task."""
    bounds, serving = {"a": PoolBounds(1, 100, 0, 8), "b": PoolBounds(1, 100, 0, 8)}, dict.fromkeys("ab", BOTH)
    alive = {"a": {"h": Alive(1, 0)}}
    first = decide([asking("a", 1)], bounds, TWO, serving, {}, {}, alive)
    assert first.target["a"] == {"h": 1}
    before = {"a": {asking("a", 1).project: {"g": 3, "h": 2}}}
    for idle, busy in (("g", "h"), ("h", "g")):
        alive = {"a": {idle: Alive(9, 1), busy: Alive(9, 9)}}
        fewer = decide([asking("a", 4)], bounds, TWO, serving, before, {}, alive)
        assert fewer.target["a"][busy] == before["a"]["lm-a-ann"][busy]
        many = {"a": {asking("a", 9).project: {"g": 6, "h": 2}}}
        taken = decide([asking("a", 9), asking("b", 1)], bounds, TWO, serving, many, {}, alive)
        assert taken.target["b"] == {idle: 1}


def test_many_small_slots_give_way_to_a_large_one_only_as_far_as_that_is_fair() -> None:
    """A pool of small slots takes from one of large slots no more than leaves that one as well off as it was."""
    pools = {"large": PoolBounds(4, 100, 0, 9), "small": PoolBounds(1, 100, 0, 99)}
    lab = Lab([asking(name, 99) for name in pools], pools, {"g": HostRoom(16, 9999)}, dict.fromkeys(pools, BOTH))
    full = {"large": {asking("large", 1).project: {"g": 4}}}
    decision = lab.decide(full, {})
    assert decision.target == {"large": {"g": 2}, "small": {"g": 8}}
    full = {"small": {asking("small", 1).project: {"g": 16}}}
    assert lab.decide(full, {}).target == decision.target


def large(jobs: int, bound: float = 0.0) -> Lab:
    """Return twenty pools on fifty hosts of 64 cores, and some jobs, a part of them bound to 1 to 5 hosts each."""
    pools = {f"pool{at}": PoolBounds(1 + at % 3, 2000, at % 5, 3200) for at in range(20)}
    hosts = {f"host{at}": HostRoom(64, 200_000) for at in range(50)}
    rng = random.Random(4)
    demand = [
        ManagerDemand(
            f"lm-{job}",
            f"pool{job % 20}",
            f"user{job % 37}",
            f"job{job}",
            1 + job * 7 % 300,
            hosts=frozenset(rng.sample(sorted(hosts), rng.randint(1, 5))) if rng.random() < bound else None,
        )
        for job in range(jobs)
    ]
    return Lab(demand, pools, hosts, dict.fromkeys(pools, frozenset(hosts)))


@pytest.mark.parametrize(("bound", "milliseconds"), [(0, 100), (0.1, 100), (1, 300)])
def test_a_thousand_jobs_of_twenty_pools_on_fifty_hosts_are_decided_soon(bound: float, milliseconds: int) -> None:
    """From nothing, again, and when all pools come upon one: in five times the budget of a processor's time.

    As in a controller no full collection of garbage comes between.
    """
    lab = large(1000, bound)
    first = _soon(lab, {}, {}, milliseconds)
    assert _soon(lab, first.managers, first.granted, milliseconds) == first
    everything, lab.demand = lab.demand, lab.demand[::20]
    alone = _soon(lab, first.managers, {}, milliseconds)
    assert set(alone.granted["pool0"]) == {host for job in lab.demand for host in job.hosts or lab.hosts}
    lab.demand = everything
    _soon(lab, alone.managers, alone.granted, milliseconds)


def _soon(lab: Lab, previous: Allocation, held: Mapping[str, Mapping[str, int]], milliseconds: int) -> Decision:
    with collected_by_hand():
        start = time.process_time()
        decision = lab.decide(previous, held)
        taken = 1000 * (time.process_time() - start)
    print(f"{taken:.0f} ms")
    assert taken < 5 * milliseconds
    return decision


def test_what_others_free_between_two_runs_is_given_away() -> None:
    """A pool for which there was nothing gets what has become free since."""
    (host,) = new_hosts({"h": HostRoom(1, 1000)}).values()
    shares = [Share(name, 1, 100, 0, 1) for name in "ab"]
    for share in shares:
        share.crews = [Crew(share, (host,), 1)]
    levelling = Levelling(shares)
    levelling.run()
    assert [share.count for share in shares] == [1, 0]
    shares[0].crews[0].put(host, -1)
    shares[0].crews[0].tasks = 0
    levelling.run()
    assert [share.count for share in shares] == [0, 1]


def test_the_pool_that_stays_best_off_gives_way() -> None:
    """A pool that has just its least is left alone where another one above its own can give a slot."""
    pools = {"sure": PoolBounds(1, 100, 3, 5), "more": PoolBounds(1, 100, 0, 8), "new": PoolBounds(1, 100, 0, 1)}
    rooms = {"g": HostRoom(2, 9999), "h": HostRoom(3, 9999)}
    lab = Lab([asking(name, 99) for name in pools], pools, rooms, dict.fromkeys(pools, BOTH))
    before = {"sure": {"lm-sure-ann": {"g": 2, "h": 1}}, "more": {"lm-more-ann": {"h": 2}}}
    assert lab.decide(before, {}).target == {"sure": {"g": 2, "h": 1}, "more": {"h": 1}, "new": {"h": 1}}


def test_other_pools_move_for_a_manager_of_one_host() -> None:
    """Where another pool has all of a manager's only host, it changes places with the rich ones of its own pool."""
    ann, bob = asking("a", 9, frozenset("g")), asking("a", 9, frozenset("h"), "bob")
    pools = dict.fromkeys("ab", PoolBounds(1, 100, 0, 4))
    rooms = {"g": HostRoom(4, 9999), "h": HostRoom(4, 9999)}
    lab = Lab([ann, bob, asking("b", 9)], pools, rooms, dict.fromkeys("ab", BOTH))
    before = {"a": {ann.project: {"g": 4}}, "b": {asking("b", 1).project: {"h": 4}}}
    decision = lab.decide(before, {})
    assert decision.managers["a"] == {ann.project: {"g": 2}, bob.project: {"h": 2}}
    assert decision.target["b"] == {"g": 2, "h": 2}


def test_managers_that_even_out_among_themselves_come_to_rest() -> None:
    """Where one user's manager is seated at the bound it is that user who gives a slot up: nobody undoes it."""
    managers = [
        ManagerDemand("m0", "a", "ann", "ann-0", 2, hosts=frozenset({"h3", "h4"})),
        ManagerDemand("m1", "a", "ann", "ann-1", 2, hosts=frozenset({"h1", "h2"})),
        ManagerDemand("m2", "a", "bob", "bob-2", 1, hosts=frozenset({"h1"})),
        ManagerDemand("m3", "a", "ann", "ann-0", 1, hosts=frozenset({"h1"})),
        ManagerDemand("m4", "a", "bob", "bob-1", 1, hosts=frozenset({"h1", "h3", "h4"})),
        ManagerDemand("m6", "a", "bob", "bob-0", 2, hosts=frozenset({"h2"})),
    ]
    rooms = {name: HostRoom(cores, 3000) for name, cores in (("h1", 3), ("h2", 8), ("h3", 7), ("h4", 3))}
    rooms["h1"] = HostRoom(3, 400)
    lab = Lab(managers, {"a": PoolBounds(2, 200, 1, 7)}, rooms, {"a": frozenset(rooms)})
    past = {"a": {"m2": {"h1": 4, "h2": 3}, "m0": {"h3": 4, "h2": 2, "h1": 2}}}
    first = lab.decide(past, {})
    assert count(first.managers["a"]["m4"]) == 1
    assert lab.decide(first.managers, first.granted) == first


def test_a_host_too_small_for_a_pool_is_no_way_for_others_to_move() -> None:
    """Two slots move up for a manager of one host; the host too small for the first is left to the second."""
    ann, eve = asking("small", 1, frozenset({"h3"})), asking("small", 1, None, "eve")
    pools = {"big": PoolBounds(1, 500, 0, 9), "small": PoolBounds(1, 100, 0, 9)}
    rooms = {"h1": HostRoom(1, 3000), "h2": HostRoom(1, 400), "h3": HostRoom(1, 1000)}
    lab = Lab([asking("big", 1), ann, eve], pools, rooms, dict.fromkeys(pools, frozenset(rooms)))
    past = {"big": {asking("big", 1).project: {"h3": 1}}, "small": {eve.project: {"h1": 1}}}
    assert lab.decide(past, {}).target == {"big": {"h1": 1}, "small": {"h2": 1, "h3": 1}}
