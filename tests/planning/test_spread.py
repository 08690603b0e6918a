"""Slots are spread over hosts by what these have room for, and it is said why where that cannot be."""

from hypothesis import given
from hypothesis import strategies as st

from lmsvc.planning.bounds import HostRoom, PoolBounds
from lmsvc.planning.spread import spread

NAMES = st.sampled_from(["h1", "h2", "h3"])
ROOMS = st.dictionaries(
    NAMES, st.builds(HostRoom, st.integers(0, 9), st.integers(0, 900), st.integers(0, 4)), max_size=3
)
POOLS = st.dictionaries(
    st.sampled_from(["pa", "pb", "pc"]),
    st.builds(
        PoolBounds,
        st.integers(1, 3),
        st.sampled_from([1, 100, 200]),
        st.integers(0, 6),
        st.integers(0, 12),
        st.none() | st.frozensets(NAMES),
        st.sampled_from([0, 0, 1, 2]),
    ),
    max_size=3,
)


@given(POOLS, ROOMS)
def test_the_least_fit_together_or_a_fault_says_so(pools: dict[str, PoolBounds], hosts: dict[str, HostRoom]) -> None:
    """No host has more than it has room for; each pool has its least on its hosts, or there is a fault about it."""
    found = spread(pools, hosts)
    for name, host in hosts.items():
        used = [(pool, found.least[own].get(name, 0)) for own, pool in pools.items()]
        assert sum(pool.cores * slots for pool, slots in used) <= host.cores
        assert sum(pool.memory_mb * slots for pool, slots in used) <= host.memory_mb
        assert sum(pool.gpus * slots for pool, slots in used) <= host.gpus
    for own, pool in pools.items():
        assert all(pool.may_use(host) and slots > 0 for host, slots in found.least[own].items())
        placed = sum(found.least[own].values())
        assert placed <= pool.least
        assert placed == pool.least or any(fault.startswith(f"pool {own}: ") for fault in found.faults)


@given(POOLS, ROOMS)
def test_the_most_of_a_host_is_what_fits_alone(pools: dict[str, PoolBounds], hosts: dict[str, HostRoom]) -> None:
    """One slot more than the most of a host does not fit there, is above the pool's bound, or is not allowed."""
    found = spread(pools, hosts)
    for own, pool in pools.items():
        for name, host in hosts.items():
            slots = found.most[own].get(name, 0)
            assert _fits(pool, slots, host) and slots <= pool.most
            assert not _fits(pool, slots + 1, host) or slots == pool.most or not pool.may_use(name)


def _fits(pool: PoolBounds, slots: int, host: HostRoom) -> bool:
    enough = slots * pool.cores <= host.cores and slots * pool.memory_mb <= host.memory_mb
    return enough and slots * pool.gpus <= host.gpus


def test_hosts_get_slots_by_their_size() -> None:
    """A host of three times the size gets three times the slots, of two pools together."""
    pools = {"sdm": PoolBounds(1, 100, 4, 8), "occurrences": PoolBounds(2, 100, 2, 8)}
    found = spread(pools, {"alpha": HostRoom(4, 10_000), "beta": HostRoom(12, 10_000)})
    assert not found.faults
    cores = {
        host: found.least["sdm"].get(host, 0) + 2 * found.least["occurrences"].get(host, 0)
        for host in ("alpha", "beta")
    }
    assert cores == {"alpha": 2, "beta": 6}
    assert found.most == {"sdm": {"alpha": 4, "beta": 8}, "occurrences": {"alpha": 2, "beta": 6}}


def test_a_pool_gives_way_to_one_that_has_less_choice() -> None:
    """The pool that may be anywhere leaves the only host of another one to it."""
    pools = {"any": PoolBounds(1, 100, 3, 3), "bound": PoolBounds(1, 100, 3, 3, frozenset({"beta"}))}
    found = spread(pools, {"alpha": HostRoom(3, 1000), "beta": HostRoom(3, 1000)})
    assert found.least == {"any": {"alpha": 3}, "bound": {"beta": 3}}
    assert not found.faults


def test_it_is_said_why_slots_cannot_be() -> None:
    """Each fault names the pool, what it needs and what there is."""
    hosts = {"beta": HostRoom(5, 99_000), "gamma": HostRoom(4, 99_000), "delta": HostRoom(8, 99_000, 2)}
    own = frozenset({"beta", "gamma"})
    faults = {
        "pool sdm: 12 slots at least need 12 cores and 24000 MB, its hosts beta, gamma have room for 9": PoolBounds(
            1, 2000, 12, 12, own
        ),
        "pool sdm: 5 slots at least are more than 4 slots at most": PoolBounds(1, 2000, 5, 4),
        "pool sdm: there is no host omega": PoolBounds(1, 2000, 0, 4, frozenset({"beta", "omega"})),
        "pool sdm: one slot needs 6 cores and 2000 MB, its hosts beta, gamma have room for none": PoolBounds(
            6, 2000, 0, 1, own
        ),
        "pool sdm: one slot needs 1 core, 2000 MB and 1 GPU, its hosts beta, gamma have room for none": PoolBounds(
            1, 2000, 0, 4, frozenset({"beta", "gamma"}), 1
        ),
        "pool sdm: 3 slots at least need 3 cores, 6000 MB and 3 GPUs, its host delta has room for 2": PoolBounds(
            1, 2000, 3, 4, frozenset({"delta"}), 1
        ),
        "pool sdm: one slot needs 1 core and 2000 MB, and it has no host, so room for none": PoolBounds(
            1, 2000, 0, 1, frozenset()
        ),
    }
    for fault, pool in faults.items():
        assert spread({"sdm": pool}, hosts).faults == [fault]


def test_other_pools_are_named_where_they_are_in_the_way() -> None:
    """A pool that had room alone is said to have too little beside the others."""
    pools = {"sdm": PoolBounds(1, 2000, 6, 6), "occurrences": PoolBounds(1, 2000, 2, 6)}
    assert spread(pools, {"beta": HostRoom(7, 99_000)}).faults == [
        "pool sdm: 6 slots at least need 6 cores and 12000 MB, its host beta has room for 5 beside what the other pools"
        " need at least"
    ]
