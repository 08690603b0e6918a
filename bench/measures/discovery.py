"""How soon a makeflow that has just started gets its first task onto an idle slot."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.context import Bench
from bench.documents import trivial
from bench.processes import running
from bench.raw import Rule, add_stale_records, catalog, rule, run_attached, run_makeflow
from bench.rows import Row, Statistic, at_most
from bench.samples import Samples
from bench.service import POOL, Service
from lmsvc.cctools.catalog import CatalogClient
from lmsvc.cctools.makeflow import LOCK_FILE
from lmsvc.worker.step_runner import read_status

STALE_RECORDS = 50
PROMISES = (at_most(Statistic.MEDIAN, 0.3), at_most(Statistic.WORST, 1.0))
STOCK_WARM_SECONDS = 36.0
STOCK_IDLE_SECONDS = 5


def discovery(bench: Bench) -> Iterator[Row]:
    """Measure the service beside raw workers and the stock factory, all with stale records in the catalog."""
    with bench.service() as service:
        stale = bench.ports.take(STALE_RECORDS)
        client = CatalogClient("127.0.0.1", service.catalog_port)
        service.run(trivial())
        times = []
        for _ in range(bench.count(20, 3)):
            add_stale_records(client, f"lm-{POOL}-stale", STALE_RECORDS, stale)
            times.append(start_to_task(service, service.run(trivial()).job_id))
    what = f"makeflow start to first task running, {STALE_RECORDS} stale records"
    yield Row("discovery", what, "s", Samples.of(times), PROMISES)
    direct = [_attached(bench) for _ in range(bench.count(5, 1))]
    yield Row("discovery", "the same, raw: worker attached by host:port, waiting", "s", Samples.of(direct))
    if not bench.options.quick:
        yield from _stock_row(bench, 3 if bench.options.long else 2)


def _stock_row(bench: Bench, count: int) -> Iterator[Row]:
    times = [_stock(bench) for _ in range(count)]
    note = f"`work_queue_factory` of 0 to {bench.slots} workers, started {STOCK_WARM_SECONDS:g} s before"
    yield Row("discovery", "the same, raw: stock factory and catalog", "s", Samples.of(times), note=note)


def first_job(bench: Bench) -> Iterator[Row]:
    """Measure the first job of a service that has just said it is ready."""
    starts, firsts, ends = [], [], []
    for _ in range(bench.count(5, 1)):
        with bench.room("first") as data_dir:
            service = bench.prepared(data_dir)
            try:
                starts.append(service.start())
                timing = service.run(trivial())
                firsts.append(start_to_task(service, timing.job_id))
                ends.append(timing.ended)
            finally:
                service.stop()
    what = "first job after `lmsvc up` is ready: makeflow start to first task running"
    yield Row("first-job", what, "s", Samples.of(firsts), PROMISES)
    yield Row("first-job", "the same: POST to succeeded", "s", Samples.of(ends))
    yield Row("first-job", "`lmsvc up` to ready", "s", Samples.of(starts))


def start_to_task(service: Service, job_id: str) -> float:
    """Return the seconds from the first makeflow of a job to its first task at work, by what they left on disk.

    The lock of a makeflow's directory is made by the process that becomes the makeflow; the task notes its own start.
    """
    job = service.data_dir / "jobs" / job_id
    makeflow = min(path.stat().st_mtime for path in job.glob(f"stages/*/*/*/{LOCK_FILE}"))
    return min(_task_start(path) for path in job.glob("bundles/*.tar")) - makeflow


def _task_start(bundle: Path) -> float:
    status: Mapping[str, float] = read_status(bundle)
    return float(status["started"])


def _one_task() -> list[Rule]:
    return [rule("touch out.txt", [], ["out.txt"])]


def _attached(bench: Bench) -> float:
    with bench.room("attached") as directory:
        return run_attached(bench, directory, _one_task()).first_task


def _stock(bench: Bench) -> float:
    """Measure the arrangement of CCTools' manual: a factory that starts workers for matching projects."""
    with bench.room("stock") as directory, catalog(bench, directory / "catalog") as server:
        add_stale_records(server.client, "bench-stale", STALE_RECORDS, bench.ports.take(STALE_RECORDS))
        size = ("--cores", "1", "--memory", "2000", "--disk", "10000", "-t", str(STOCK_IDLE_SECONDS))
        names = ("-M", "bench-.*", "--catalog", server.address, "-S", str(directory / "scratch"))
        factory = ["work_queue_factory", "-T", "local", *names, "-w", "0", "-W", str(bench.slots), *size]
        with running(factory, directory / "factory", bench.environment):
            time.sleep(STOCK_WARM_SECONDS)
            port = bench.ports.take()
            options = ["-N", "bench-own", "-p", str(port), "-C", server.address]
            return run_makeflow(bench, directory / "flow", _one_task(), options).first_task
