"""Hosts are shared between pools fairly, wholly, safely and with few moves."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
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
