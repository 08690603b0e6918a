"""How long the controller takes to share hosts between pools, and slots between managers."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from bench.context import Bench
from bench.rows import Row, Statistic, at_most
from bench.samples import Samples
from lmsvc.controller import garbage
from lmsvc.planning.bounds import HostRoom, PoolBounds
from lmsvc.planning.demand import ManagerDemand
from lmsvc.planning.sharing import Decision, decide

POOLS, HOSTS, CORES, JOBS = 20, 50, 64, 1000
CHOICES = {
    "": (0.0, 100),
    ", 10 % of them bound to 1 to 5 hosts": (0.1, 100),
    ", all bound to 1 to 5 hosts": (1.0, 300),
}
"""By their description: which part of the jobs may use some hosts only, and the milliseconds a decision may take."""

_Deciding = Callable[[list[ManagerDemand], Decision], Decision]


def allocator(bench: Bench) -> Iterator[Row]:
    """Measure decisions of every kind, from nothing to a change that moves almost every slot."""
    deciding = _lab()
    for choice, (part, milliseconds) in CHOICES.items():
        what = f"allocator, {POOLS} pools, {HOSTS} hosts of {CORES} cores, {JOBS} jobs{choice}"
        for case, (demand, before) in _cases(_bound(_jobs(), part), deciding).items():
            with garbage.collected_by_hand():
                times = [_milliseconds(deciding, demand, before) for _ in range(bench.count(20, 3))]
            promise = at_most(Statistic.WORST, milliseconds)
            yield Row("allocator", f"{what}: {case}", "ms", Samples.of(times), (promise,))


def _cases(jobs: list[ManagerDemand], deciding: _Deciding) -> dict[str, tuple[list[ManagerDemand], Decision]]:
    """Return what is asked for, and the decision that stands then."""
    nothing = Decision({}, {}, {})
    everybody = deciding(jobs, nothing)
    alone = [job for job in jobs if job.pool == "pool0"]
    one_pool = deciding(alone, nothing)
    return {
        "from nothing": (jobs, nothing),
        "the same again": (jobs, everybody),
        "20 jobs less": (jobs[20:], everybody),
        "19 pools come upon one that has every core": (jobs, one_pool),
        "one pool gets what 19 leave": (alone, everybody),
    }


def _bound(jobs: list[ManagerDemand], part: float) -> list[ManagerDemand]:
    """Bind a part of some jobs to a few hosts each, always the same ones."""
    rng = random.Random(4)
    return [replace(job, hosts=_some_hosts(rng)) if rng.random() < part else job for job in jobs]


def _some_hosts(rng: random.Random) -> frozenset[str]:
    return frozenset(rng.sample([f"host{at}" for at in range(HOSTS)], rng.randint(1, 5)))


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
    """Time one decision as a controller makes it, which collects garbage in between."""
    garbage.collect()
    start = time.process_time()
    deciding(demand, before)
    return 1000 * (time.process_time() - start)
