"""What a service costs that has nothing to do."""

import time
from collections.abc import Iterator

from bench.context import Bench
from bench.documents import trivial
from bench.processes import cpu_seconds, memory
from bench.rows import Row, Statistic, at_most
from bench.samples import Samples

SETTLE_SECONDS = 20.0


def idle(bench: Bench) -> Iterator[Row]:
    """Measure processor time and memory of all processes of a service that ran one job some time ago."""
    seconds = bench.count(60, 5)
    with bench.service() as service:
        service.run(trivial())
        time.sleep(bench.count(int(SETTLE_SECONDS), 1))
        pids = service.pids()
        before, clock = cpu_seconds(pids), time.monotonic()
        time.sleep(seconds)
        percent = 100 * (cpu_seconds(pids) - before) / (time.monotonic() - clock)
        used = memory(pids)
    note = f"{len(pids)} processes, for {seconds} s"
    cpu = (at_most(Statistic.MEDIAN, 2.0),)
    yield Row("idle", "idle service: processor, of one core", "%", Samples.of([percent]), cpu, note=note)
    pss = (at_most(Statistic.MEDIAN, 300.0),)
    shared_once = "what processes share counted once (PSS)"
    yield Row("idle", "idle service: memory", "MB", Samples.of([used.pss_mb]), pss, note=shared_once)
    yield Row("idle", "the same, each process by itself (RSS)", "MB", Samples.of([used.rss_mb]))
