"""Labs whose hosts are shared: pools, managers and what stood before, made up."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

from hypothesis import strategies as st

from lmsvc.planning.allocation import Allocation, ManagerDemand
from lmsvc.planning.bounds import HostRoom, PoolBounds, Slots
from lmsvc.planning.sharing import Decision, decide

HOSTS = ("h1", "h2", "h3", "h4")
POOLS = ("pa", "pb", "pc", "pd")
USERS = ("ann", "bob", "cid")


@dataclass
class Lab:
    """Everything that is decided from."""

    demand: list[ManagerDemand]
    pools: dict[str, PoolBounds]
    hosts: dict[str, HostRoom]
    serving: dict[str, frozenset[str]]

    def decide(self, previous: Allocation, held: Mapping[str, Mapping[str, int]]) -> Decision:
        """Decide in this lab."""
        return decide(self.demand, self.pools, self.hosts, self.serving, previous, held)

    def may_use(self, pool: str, host: str) -> bool:
        """Say whether a pool may have slots of a host."""
        return host in self.hosts and host in self.serving.get(pool, ()) and self.pools[pool].may_use(host)

    def level(self, pool: str, slots: int) -> tuple[bool, bool, int]:
        """Return how well off a pool with some slots is."""
        return slots > 0, 0 < slots >= self.pools[pool].least, slots * self.pools[pool].cores

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
    hosts = None if free else draw(SOME_HOSTS)
    return PoolBounds(cores, memory, least, most, hosts, draw(st.sampled_from([0, 0, 1, 2])) if sizes is SIZES else 0)


@st.composite
def demands(draw: st.DrawFn, *, free: bool) -> list[ManagerDemand]:
    """Make up managers of pools."""
    drawn = draw(st.lists(st.tuples(st.sampled_from(POOLS), st.sampled_from(USERS), st.integers(0, 9)), max_size=9))
    return [
        ManagerDemand(f"m{at}", pool, user, f"{user}-{at % 3}", tasks, hosts=None if free else draw(SOME_HOSTS))
        for at, (pool, user, tasks) in enumerate(drawn)
    ]


@st.composite
def labs(
    draw: st.DrawFn, sizes: st.SearchStrategy[tuple[int, int]] = SIZES, *, free: bool = False, open_to_all: bool = True
) -> Lab:
    """Make up a lab; one that is free has no restricted pools, one open to all no restricted managers."""
    pools = {name: draw(bounds(sizes, free=free)) for name in draw(st.sets(st.sampled_from(POOLS), min_size=1))}
    rooms = st.builds(HostRoom, st.integers(0, 8), st.sampled_from([100, 400, 1000, 3000]), st.integers(0, 4))
    if sizes is not SIZES:
        rooms = st.builds(HostRoom, st.integers(0, 8), st.just(10**6))
    hosts = draw(st.dictionaries(st.sampled_from(HOSTS), rooms, max_size=4))
    everywhere = st.just(frozenset(HOSTS))
    serving = {pool: draw(everywhere if free else everywhere | st.frozensets(st.sampled_from(HOSTS))) for pool in pools}
    return Lab(draw(demands(free=open_to_all)), dict(sorted(pools.items())), hosts, serving)


EQUAL = st.just((1, 100))
HELD = st.dictionaries(
    st.sampled_from(POOLS), st.dictionaries(st.sampled_from(HOSTS), st.integers(0, 4), max_size=4), max_size=4
)


@st.composite
def pasts(draw: st.DrawFn) -> Allocation:
    """Make up an allocation that stood in some other lab."""
    slots = st.dictionaries(st.sampled_from(HOSTS), st.integers(1, 4), max_size=3)
    managers = st.dictionaries(st.sampled_from([f"m{at}" for at in range(9)]), slots, max_size=4)
    return draw(st.dictionaries(st.sampled_from(POOLS), managers, max_size=4))


def count(slots: Mapping[str, int]) -> int:
    """Return how many slots there are on all hosts."""
    return sum(slots.values())


def used(lab: Lab, slots: Mapping[str, Mapping[str, int]], host: str) -> HostRoom:
    """Return the part of a host that slots use."""
    there = [(pool, slots.get(name, {}).get(host, 0)) for name, pool in lab.pools.items()]
    return HostRoom(
        cores=sum(number * pool.cores for pool, number in there),
        memory_mb=sum(number * pool.memory_mb for pool, number in there),
        gpus=sum(number * pool.gpus for pool, number in there),
    )


def fits(lab: Lab, slots: Mapping[str, Mapping[str, int]], host: str) -> bool:
    """Say whether slots are no more than a host has room for."""
    part, room = used(lab, slots, host), lab.hosts[host]
    return part.cores <= room.cores and part.memory_mb <= room.memory_mb and part.gpus <= room.gpus


def largest(*some: Slots | Mapping[str, Mapping[str, int]]) -> Slots:
    """Return for each pool and host the largest number."""
    found: Slots = {}
    for slots in some:
        for pool, hosts in slots.items():
            for host, number in hosts.items():
                own = found.setdefault(pool, {})
                own[host] = max(own.get(host, 0), number)
    return found
