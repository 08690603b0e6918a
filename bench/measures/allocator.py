"""How long the controller takes to share hosts between pools, and slots between managers."""

import time
from collections.abc import Callable, Iterator

from bench.context import Bench
from bench.rows import Row, Statistic, at_most
from bench.samples import Samples
from lmsvc.planning.bounds import HostRoom, PoolBounds
from lmsvc.planning.demand import ManagerDemand
from lmsvc.planning.sharing import Decision, decide

POOLS, HOSTS, CORES, JOBS = 20, 50, 64, 1000
PROMISE = (at_most(Statistic.WORST, 100),)

_Deciding = Callable[[list[ManagerDemand], Decision], Decision]


def allocator(bench: Bench) -> Iterator[Row]:
    """Measure decisions of every kind, from nothing to a change that moves almost every slot."""
    jobs, deciding = _jobs(), _lab()
    nothing = Decision({}, {}, {})
    everybody = deciding(jobs, nothing)
    alone = [job for job in jobs if job.pool == "pool0"]
    one_pool = deciding(alone, nothing)
    cases = {
        "from nothing": (jobs, nothing),
        "the same again": (jobs, everybody),
        "20 jobs less": (jobs[20:], everybody),
        "19 pools come upon one that has every core": (jobs, one_pool),
        "one pool gets what 19 leave": (alone, everybody),
    }
    what = f"allocator, {POOLS} pools, {HOSTS} hosts of {CORES} cores, {JOBS} jobs"
    for case, (demand, before) in cases.items():
        times = [_milliseconds(deciding, demand, before) for _ in range(bench.count(20, 3))]
        yield Row("allocator", f"{what}: {case}", "ms", Samples.of(times), PROMISE)


def _jobs() -> list[ManagerDemand]:
    return [
        ManagerDemand(f"lm-{at}", f"pool{at % POOLS}", f"user{at % 37}", f"job{at}", 1 + at * 7 % 300)
        for at in range(JOBS)
    ]


def _lab() -> _Deciding:
    """Return a way to decide in one lab after another decision stood."""
    pools = {f"pool{at}": PoolBounds(1 + at % 3, 2000, at % 5, HOSTS * CORES) for at in range(POOLS)}
    hosts = {f"host{at}": HostRoom(CORES, 4000 * CORES) for at in range(HOSTS)}
    serving = dict.fromkeys(pools, frozenset(hosts))
    return lambda demand, before: decide(demand, pools, hosts, serving, before.managers, before.granted)


def _milliseconds(deciding: _Deciding, demand: list[ManagerDemand], before: Decision) -> float:
    start = time.perf_counter()
    deciding(demand, before)
    return 1000 * (time.perf_counter() - start)
