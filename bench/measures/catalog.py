"""What the catalog of a large cluster costs, with agents that ask and tell as often as real ones."""

import time
from collections.abc import Iterator

from bench.agents import seeming_cluster
from bench.context import Bench
from bench.processes import TooSlow, cpu_seconds
from bench.raw import installed_catalog
from bench.records import HOSTS, JOBS, POOLS, SLOTS
from bench.rows import Promise, Row, Statistic, at_most
from bench.samples import Samples
from lmsvc.worker import agent

AGENTS = len(POOLS) * HOSTS
SETTLE_SECONDS = 5.0
ENOUGH = 0.7
"""Part of the queries meant that must have been made: a machine too busy for that cannot say what they cost."""


def catalog(bench: Bench) -> Iterator[Row]:
    """Measure the stock catalog server's processor time with a cluster at rest, and at work in every slot."""
    what = f"catalog with {AGENTS} agents of {SLOTS} slots"
    yield _row(bench, f"{what} at rest", at_most(Statistic.MEDIAN, 20), busy=False)
    yield _row(bench, f"{what} at work for {len(POOLS) * JOBS} makeflows", at_most(Statistic.MEDIAN, 100), busy=True)


def _row(bench: Bench, what: str, promise: Promise, *, busy: bool) -> Row:
    seconds = bench.count(30, 3)
    with (
        bench.room("catalog") as directory,
        installed_catalog(bench, directory) as server,
        seeming_cluster(server.port, busy=busy) as load,
    ):
        time.sleep(SETTLE_SECONDS)
        before, used, clock = load.copy(), cpu_seconds([server.pid]), time.monotonic()
        time.sleep(seconds)
        passed = time.monotonic() - clock
        percent, after = 100 * (cpu_seconds([server.pid]) - used) / passed, load.copy()
    asked, told = (after.queries - before.queries) / passed, (after.records - before.records) / passed
    failed = f", {after.failures - before.failures} failed in all"
    meant = AGENTS / (agent.BUSY_SECONDS if busy else agent.REST_SECONDS)
    said = f"{asked:.0f} queries and {told:.0f} records a second{failed}, for {seconds} s"
    if asked < ENOUGH * meant:
        raise TooSlow(f"this machine came to {said} where {meant:.0f} queries a second are meant")
    return Row("catalog", f"{what}: processor, of one core", "%", Samples.of([percent]), (promise,), note=said)
