"""How soon a pool has other slots: told by ``playbooks/scale.yml``, and asked for by the tasks that wait."""

import time
from collections.abc import Iterator, Mapping

from bench.cluster import Cluster
from bench.context import Bench
from bench.documents import naps
from bench.pools import Chosen, Record, idle_cluster, wait_for_pools, wait_for_rest
from bench.rows import Row, Statistic, at_most
from bench.samples import Samples
from lmsvc.client import Client

SCALE_PROMISE = (at_most(Statistic.WORST, 20),)
GROWTH_PROMISE = (at_most(Statistic.WORST, 10),)
PATIENCE_SECONDS = 120.0
NAP_SECONDS, NAPS_PER_SLOT = 5.0, 20
"""Naps so long that a slot which has begun one still has it when the last slot begins."""
LEAST = 1
STATES = ("wanted", "slots", "busy")


def scale(bench: Bench) -> Iterator[Row]:
    """Measure the playbook that changes the bounds of one pool until the service shows just the slots it asks for."""
    with idle_cluster(bench) as (cluster, client, chosen):
        _scaled(cluster, client, chosen.name, 0)
        up, down = [], []
        for _ in range(bench.count(3, 1)):
            up.append(_scaled(cluster, client, chosen.name, chosen.most))
            down.append(_scaled(cluster, client, chosen.name, 0))
    what = "scale.yml of one pool until the service sees the slots"
    for times, change in ((up, f"0 to {chosen.most}"), (down, f"{chosen.most} to 0")):
        ends, seen = Samples.of(end for end, _ in times), Samples.of(moment for _, moment in times)
        yield Row("scale", f"{what}: {change}", "s", seen, SCALE_PROMISE, note=f"pool {chosen.name}")
        yield Row("scale", f"of that the playbook: {change}", "s", ends)


def _scaled(cluster: Cluster, client: Client, pool: str, slots: int) -> tuple[float, float]:
    """Give a pool just so many slots; return the seconds to the playbook's end and until the service shows them."""
    started = time.monotonic()
    cluster.scale(pool, slots, slots)
    ended = time.monotonic() - started
    what = f"{slots} slots in pool {pool}"
    wait_for_pools(client, what, PATIENCE_SECONDS, lambda pools: pools[pool]["slots"] == pools[pool]["wanted"] == slots)
    return ended, time.monotonic() - started


def growth(bench: Bench) -> Iterator[Row]:
    """Measure how soon a job of many tasks has all slots of a pool that had its least ones."""
    with idle_cluster(bench) as (cluster, client, chosen):
        cluster.scale(chosen.name, LEAST, chosen.most)
        runs = [_grown(client, chosen) for _ in range(bench.count(3, 1))]
    grown = (
        f"growth from {LEAST} to {chosen.most} slots, POST of {NAPS_PER_SLOT * chosen.most} items of {NAP_SECONDS:g} s"
    )
    busy, *steps = (Samples.of(run[state] for run in runs) for state in reversed(STATES))
    yield Row("growth", f"{grown} to all slots busy", "s", busy, GROWTH_PROMISE, note=f"pool {chosen.name}")
    for samples, state in zip(steps, ("to all slots there", "to all slots wanted"), strict=True):
        yield Row("growth", f"the same: {state}", "s", samples)


def _grown(client: Client, chosen: Chosen) -> dict[str, float]:
    """Return the seconds from the POST of a job until its pool first showed its most slots in each state."""
    wait_for_rest(client)
    least = f"{LEAST} slots in pool {chosen.name}"
    wait_for_pools(client, least, PATIENCE_SECONDS, lambda pools: pools[chosen.name]["slots"] == LEAST)
    started, reached = time.monotonic(), dict[str, float]()
    job_id = client.submit({**naps(NAPS_PER_SLOT * chosen.most, NAP_SECONDS), "pool": chosen.name})["id"]

    def all_busy(pools: Mapping[str, Record]) -> bool:
        pool, now = pools[chosen.name], time.monotonic() - started
        reached.update({name: now for name in STATES if name not in reached and pool[name] >= chosen.most})
        return "busy" in reached

    try:
        wait_for_pools(client, f"{chosen.most} slots busy", PATIENCE_SECONDS, all_busy)
    finally:
        client.cancel(job_id)
    return reached
