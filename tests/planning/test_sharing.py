"""Hosts are shared between pools fairly, wholly, safely and with few moves."""

import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from lmsvc.planning.allocation import Allocation, ManagerDemand
from lmsvc.planning.bounds import HostRoom, PoolBounds, Slots
from lmsvc.planning.sharing import Alive, Decision, decide

HOSTS = ("h1", "h2", "h3", "h4")
POOLS = ("pa", "pb", "pc", "pd")
USERS = ("ann", "bob", "cid")


@dataclass
class World:
    """Everything that is decided from."""

    demand: list[ManagerDemand]
    pools: dict[str, PoolBounds]
    hosts: dict[str, HostRoom]
    serving: dict[str, frozenset[str]]

    def decide(self, previous: Allocation, held: Mapping[str, Mapping[str, int]]) -> Decision:
        """Decide in this world."""
        return decide(self.demand, self.pools, self.hosts, self.serving, previous, held)

    def may_use(self, pool: str, host: str) -> bool:
        """Say whether a pool may have slots of a host."""
        return host in self.hosts and host in self.serving.get(pool, ()) and self.pools[pool].may_use(host)

    def level(self, pool: str, slots: int) -> tuple[bool, bool, int]:
        """Return how well off a pool with some slots is."""
        return slots > 0, slots >= self.pools[pool].least, slots * self.pools[pool].cores

    def useful(self, pool: str, slots: Mapping[str, int]) -> int:
        """Return how many of some slots of a pool its managers can use at once."""
        managers = [manager for manager in self.demand if manager.pool == pool]
        hosts = [host for host, count in slots.items() if count]
        return min(
            sum(slots[host] for host in some)
            + sum(manager.tasks for manager in managers if _uses_one(manager, set(hosts) - set(some)))
            for size in range(len(hosts) + 1)
            for some in combinations(hosts, size)
        )


def _uses_one(manager: ManagerDemand, hosts: set[str]) -> bool:
    return bool(hosts) if manager.hosts is None else not manager.hosts.isdisjoint(hosts)


SOME_HOSTS = st.none() | st.frozensets(st.sampled_from(HOSTS), min_size=1)
SIZES = st.tuples(st.sampled_from([1, 1, 2, 3]), st.sampled_from([100, 100, 200, 500]))


@st.composite
def bounds(draw: st.DrawFn, sizes: st.SearchStrategy[tuple[int, int]], *, free: bool) -> PoolBounds:
    """Make up a pool."""
    cores, memory = draw(sizes)
    least = draw(st.sampled_from([0, 0, 1, 3]))
    most = least + draw(st.integers(0, 12))
    return PoolBounds(cores, memory, least, most, None if free else draw(SOME_HOSTS))


@st.composite
def demands(draw: st.DrawFn, *, free: bool) -> list[ManagerDemand]:
    """Make up managers of pools."""
    drawn = draw(st.lists(st.tuples(st.sampled_from(POOLS), st.sampled_from(USERS), st.integers(0, 9)), max_size=9))
    return [
        ManagerDemand(f"m{at}", pool, user, f"{user}-{at % 3}", tasks, hosts=None if free else draw(SOME_HOSTS))
        for at, (pool, user, tasks) in enumerate(drawn)
    ]


@st.composite
def worlds(
    draw: st.DrawFn, sizes: st.SearchStrategy[tuple[int, int]] = SIZES, *, free: bool = False, open_to_all: bool = True
) -> World:
    """Make up a world; one that is free has no restricted pools, one open to all no restricted managers."""
    pools = {name: draw(bounds(sizes, free=free)) for name in draw(st.sets(st.sampled_from(POOLS), min_size=1))}
    rooms = st.builds(HostRoom, st.integers(0, 8), st.sampled_from([100, 400, 1000, 3000]))
    if sizes is not SIZES:
        rooms = st.builds(HostRoom, st.integers(0, 8), st.just(10**6))
    hosts = draw(st.dictionaries(st.sampled_from(HOSTS), rooms, max_size=4))
    everywhere = st.just(frozenset(HOSTS))
    serving = {pool: draw(everywhere if free else everywhere | st.frozensets(st.sampled_from(HOSTS))) for pool in pools}
    return World(draw(demands(free=open_to_all)), dict(sorted(pools.items())), hosts, serving)


EQUAL = st.just((1, 100))
HELD = st.dictionaries(
    st.sampled_from(POOLS), st.dictionaries(st.sampled_from(HOSTS), st.integers(0, 4), max_size=4), max_size=4
)


@st.composite
def pasts(draw: st.DrawFn) -> Allocation:
    """Make up an allocation that stood in some other world."""
    slots = st.dictionaries(st.sampled_from(HOSTS), st.integers(1, 4), max_size=3)
    managers = st.dictionaries(st.sampled_from([f"m{at}" for at in range(9)]), slots, max_size=4)
    return draw(st.dictionaries(st.sampled_from(POOLS), managers, max_size=4))


def count(slots: Mapping[str, int]) -> int:
    """Return how many slots there are on all hosts."""
    return sum(slots.values())


def used(world: World, slots: Mapping[str, Mapping[str, int]], host: str) -> tuple[int, int]:
    """Return the cores and the memory of a host that slots use."""
    there = {name: slots.get(name, {}).get(host, 0) for name in world.pools}
    cores = sum(number * world.pools[name].cores for name, number in there.items())
    return cores, sum(number * world.pools[name].memory_mb for name, number in there.items())


def fits(world: World, slots: Mapping[str, Mapping[str, int]], host: str) -> bool:
    """Say whether slots are no more than a host has room for."""
    cores, memory = used(world, slots, host)
    return cores <= world.hosts[host].cores and memory <= world.hosts[host].memory_mb


def largest(*some: Slots | Mapping[str, Mapping[str, int]]) -> Slots:
    """Return for each pool and host the largest number."""
    found: Slots = {}
    for slots in some:
        for pool, hosts in slots.items():
            for host, number in hosts.items():
                own = found.setdefault(pool, {})
                own[host] = max(own.get(host, 0), number)
    return found


@given(worlds(open_to_all=False), pasts(), HELD)
def test_nobody_gets_more_than_there_is_and_is_allowed(world: World, past: Allocation, held: Slots) -> None:
    """No host has more than fits, no pool more than its bound and its tasks, no manager slots it may not use."""
    decision = world.decide(past, held)
    assert all(fits(world, decision.target, host) for host in world.hosts)
    for name, slots in decision.target.items():
        assert all(number > 0 and world.may_use(name, host) for host, number in slots.items())
        assert count(slots) <= world.pools[name].most
        assert world.useful(name, slots) == count(slots)
    for name, slots in decision.granted.items():
        assert all(0 < number <= decision.target[name][host] for host, number in slots.items())
        managers = decision.managers.get(name, {})
        given = Counter[str]()
        for hosts in managers.values():
            given.update(hosts)
        assert given == slots
    for manager in world.demand:
        hosts = decision.managers[manager.pool][manager.project]
        assert count(hosts) <= manager.tasks
        assert manager.hosts is None or manager.hosts.issuperset(hosts)


@given(worlds(open_to_all=False), pasts(), HELD)
def test_what_is_held_is_nobody_elses(world: World, past: Allocation, held: Slots) -> None:
    """Slots that are held or granted fit their hosts and bounds together; nothing is added where those held do not."""
    granted = world.decide(past, held).granted
    both = largest(held, granted)
    for host in world.hosts:
        more = any(slots.get(host, 0) > held.get(name, {}).get(host, 0) for name, slots in granted.items())
        assert fits(world, both, host) or not more
    for name, pool in world.pools.items():
        assert count(both.get(name, {})) <= max(pool.most, count(held.get(name, {})))


@given(worlds(open_to_all=False), pasts())
def test_no_room_is_idle_beside_tasks_that_could_use_it(world: World, past: Allocation) -> None:
    """Where one slot more of a pool has room on a host, the pool is at its bound or has no task for it."""
    target = world.decide(past, {}).target
    for name, host in ((name, host) for name in world.pools for host in world.hosts if world.may_use(name, host)):
        more = {**target[name], host: target[name].get(host, 0) + 1}
        if fits(world, {**target, name: more}, host) and count(more) <= world.pools[name].most:
            assert world.useful(name, more) == count(target[name])


@given(worlds(), pasts())
def test_nobody_starves_beside_plenty(world: World, past: Allocation) -> None:
    """A pool with tasks and no slot could not have one even if others gave all but their last on one host."""
    target = world.decide(past, {}).target
    for name, pool in world.pools.items():
        if count(target[name]) or not pool.most or not any(each.tasks for each in world.demand if each.pool == name):
            continue
        for host in (host for host in world.hosts if world.may_use(name, host)):
            last = {other: {host: max(0, slots.get(host, 0) - count(slots) + 1)} for other, slots in target.items()}
            assert not fits(world, {**last, name: {host: 1}}, host)


def feasible(world: World, counts: Mapping[str, int]) -> bool:
    """Say whether pools of equal slots can have so many: no set of pools has more than its hosts together."""
    for size in range(1, len(counts) + 1):
        for some in combinations(counts, size):
            hosts = {host for host in world.hosts for name in some if world.may_use(name, host)}
            if sum(counts[name] for name in some) > sum(world.hosts[host].cores for host in hosts):
                return False
    return True


def levelled(world: World) -> dict[str, int]:
    """Return the fair numbers of equal slots, found by giving one after the other to who is worst off."""
    counts = dict.fromkeys(world.pools, 0)
    tasks = Counter[str]()
    for manager in world.demand:
        tasks[manager.pool] += manager.tasks
    waiting = set(counts)
    while waiting:
        name = min(waiting, key=lambda name: (world.level(name, counts[name]), name))
        more = {**counts, name: counts[name] + 1}
        if more[name] <= min(tasks[name], world.pools[name].most) and feasible(world, more):
            counts = more
        else:
            waiting.remove(name)
    return counts


@given(worlds(EQUAL), pasts(), HELD)
def test_equal_slots_are_shared_as_if_given_one_by_one(world: World, past: Allocation, held: Slots) -> None:
    """However things stood, pools come to what giving one slot after the other to the worst off comes to."""
    held = {
        name: {host: number for host, number in slots.items() if world.may_use(name, host)}
        for name, slots in held.items()
        if name in world.pools
    }
    target = world.decide(past, held).target
    found = sorted(world.level(name, count(slots)) for name, slots in target.items())
    assert found == sorted(world.level(name, number) for name, number in levelled(world).items())


@given(worlds(open_to_all=False), pasts())
def test_the_same_question_changes_nothing(world: World, past: Allocation) -> None:
    """Deciding again with what was decided gives the same, in whatever order managers and pools are told."""
    first = world.decide(past, {})
    assert world.decide(first.managers, first.granted) == first
    turned = World(world.demand[::-1], dict(reversed(world.pools.items())), world.hosts, world.serving)
    assert turned.decide(first.managers, first.granted) == first


@given(worlds(), pasts(), HELD)
def test_waiting_for_others_changes_nothing(world: World, past: Allocation, held: Slots) -> None:
    """As long as others hold what they held, deciding again grants the same."""
    first = world.decide(past, held)
    again = world.decide(first.managers, held)
    assert again.granted == first.granted
    assert again.managers == first.managers
    assert {name: count(slots) for name, slots in again.target.items()} == {
        name: count(slots) for name, slots in first.target.items()
    }


@given(worlds(EQUAL, free=True), st.data())
def test_nobody_moves_without_need(world: World, data: st.DataObject) -> None:
    """Where all may use every host, other demand takes no slot from a pool that it is to keep."""
    first = world.decide({}, {}).target
    before = world.decide({}, {})
    world.demand = data.draw(demands(free=True))
    second = world.decide(before.managers, before.granted).target
    for name, slots in second.items():
        kept = sum(min(number, first[name].get(host, 0)) for host, number in slots.items())
        assert kept == min(count(slots), count(first[name]))


@given(worlds(open_to_all=False), worlds(open_to_all=False), st.randoms(use_true_random=False))
def test_hosts_pass_from_one_pool_to_another_safely(first: World, second: World, rng: random.Random) -> None:
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


TWO = {"g": HostRoom(6, 99_000), "h": HostRoom(2, 99_000)}
BOTH = frozenset(TWO)


def asking(pool: str, tasks: int, hosts: frozenset[str] | None = None, user: str = "ann") -> ManagerDemand:
    """Return a manager of a pool."""
    return ManagerDemand(f"lm-{pool}-{user}", pool, user, f"job-{user}", tasks, hosts=hosts)


def test_two_pools_of_the_same_hosts_come_to_equal_shares() -> None:
    """A pool that has every core gives half of them to a second one as its tasks end, and gets them back later."""
    world = World([asking("a", 99)], dict.fromkeys("ab", PoolBounds(1, 100, 0, 8)), TWO, dict.fromkeys("ab", BOTH))
    alone = world.decide({}, {})
    assert alone.granted == {"a": {"g": 6, "h": 2}, "b": {}}
    world.demand.append(asking("b", 99))
    waiting = world.decide(alone.managers, alone.granted)
    assert {pool: count(slots) for pool, slots in waiting.target.items()} == {"a": 4, "b": 4}
    assert waiting.granted == {"a": waiting.target["a"], "b": {}}
    both = world.decide(waiting.managers, waiting.granted)
    assert both.granted == both.target == waiting.target
    del world.demand[0]
    assert count(world.decide(both.managers, {"b": both.granted["b"]}).granted["b"]) == 8


def test_shares_are_equal_in_cores_above_what_each_has_at_least() -> None:
    """A pool with large slots gets fewer of them, and one whose least is above its share keeps that."""
    pools = {"one": PoolBounds(1, 100, 0, 9), "two": PoolBounds(2, 100, 0, 9), "sure": PoolBounds(1, 100, 4, 9)}
    world = World([asking(name, 99) for name in pools], pools, {"g": HostRoom(8, 9999)}, dict.fromkeys(pools, BOTH))
    target = world.decide({}, {}).target
    assert target == {"one": {"g": 2}, "two": {"g": 1}, "sure": {"g": 4}}


def test_what_a_pool_has_at_least_leaves_the_last_slot_to_another() -> None:
    """A pool whose least is all there is gives one slot to a pool that would have none."""
    pools = {"sure": PoolBounds(1, 100, 8, 8), "b": PoolBounds(1, 100, 0, 9)}
    world = World([asking(name, 99) for name in pools], pools, TWO, dict.fromkeys(pools, BOTH))
    assert {name: count(slots) for name, slots in world.decide({}, {}).target.items()} == {"sure": 7, "b": 1}


def test_memory_bounds_slots_too() -> None:
    """A host without memory left gets no more slots, whatever cores it has."""
    world = World([asking("a", 99)], {"a": PoolBounds(1, 3000, 0, 9)}, {"g": HostRoom(8, 10_000)}, {"a": BOTH})
    assert world.decide({}, {}).target == {"a": {"g": 3}}


def test_a_bound_counts_slots_that_are_still_held_elsewhere() -> None:
    """Slots that run on a drained host count against the pool's most until they end."""
    world = World([asking("a", 99)], {"a": PoolBounds(1, 100, 0, 4)}, TWO, {"a": frozenset("g")})
    assert world.decide({}, {"a": {"h": 2}}).granted == {"a": {"g": 2}}
    assert world.decide({}, {}).granted == {"a": {"g": 4}}


def test_managers_of_one_host_are_not_left_out_at_the_bound() -> None:
    """A pool at its bound gives up slots of one user's where another user's manager can use another host only."""
    ann, bob = asking("a", 99), asking("a", 99, frozenset("h"), "bob")
    world = World([ann], {"a": PoolBounds(1, 100, 0, 4)}, TWO, {"a": BOTH})
    before = {"a": {ann.project: {"g": 4}}}
    world.demand.append(bob)
    decision = world.decide(before, {})
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


def large(jobs: int) -> World:
    """Return twenty pools on fifty hosts of 64 cores, and some jobs."""
    pools = {f"pool{at}": PoolBounds(1 + at % 3, 2000, at % 5, 3200) for at in range(20)}
    hosts = {f"host{at}": HostRoom(64, 200_000) for at in range(50)}
    demand = [
        ManagerDemand(f"lm-{job}", f"pool{job % 20}", f"user{job % 37}", f"job{job}", 1 + job * 7 % 300)
        for job in range(jobs)
    ]
    return World(demand, pools, hosts, dict.fromkeys(pools, frozenset(hosts)))


def test_a_thousand_jobs_of_twenty_pools_on_fifty_hosts_are_decided_soon() -> None:
    """From nothing, again, and when all pools come upon one that has every core: each within five times 100 ms."""
    world = large(1000)
    first = _soon(world, {}, {})
    _soon(world, first.managers, first.granted)
    everything, world.demand = world.demand, world.demand[::20]
    alone = _soon(world, first.managers, {})
    assert set(alone.granted["pool0"]) == set(world.hosts)
    world.demand = everything
    _soon(world, alone.managers, alone.granted)


def _soon(world: World, previous: Allocation, held: Mapping[str, Mapping[str, int]]) -> Decision:
    start = time.perf_counter()
    decision = world.decide(previous, held)
    seconds = time.perf_counter() - start
    print(f"{1000 * seconds:.0f} ms")
    assert seconds < 0.5
    return decision
