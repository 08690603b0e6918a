"""How long one trivial job takes a user: from the POST to the package."""

import time
from collections.abc import Iterator

from bench.context import Bench
from bench.documents import trivial
from bench.jobs import Timing
from bench.peers import one_task_rows
from bench.rows import Row, Statistic, at_most
from bench.samples import Samples
from bench.service import Service

IDLE_SECONDS = 300.0


def latency(bench: Bench) -> Iterator[Row]:
    """Measure jobs one after the other, and one after a while without any."""
    with bench.service() as service:
        service.run(trivial())
        times = [service.run(trivial()) for _ in range(bench.count(20, 3))]
        yield from _rows(times)
        if bench.options.long:
            yield _idle_row([_after_idle(service) for _ in range(2)])
    if bench.options.peers:
        yield from one_task_rows(bench)


def _rows(times: list[Timing]) -> Iterator[Row]:
    ended = Samples.of(timing.ended for timing in times)
    accepted = Samples.of(1000 * timing.accepted for timing in times)
    what = "POST of a one-step trivial job to succeeded, package ready"
    yield Row("latency", what, "s", ended, (at_most(Statistic.MEDIAN, 0.6),))
    yield Row("latency", "the same: POST to 202", "ms", accepted, (at_most(Statistic.MEDIAN, 20),))


def _after_idle(service: Service) -> float:
    time.sleep(IDLE_SECONDS)
    return service.run(trivial()).ended


def _idle_row(times: list[float]) -> Row:
    what = f"the same after {IDLE_SECONDS / 60:g} idle minutes"
    return Row("latency", what, "s", Samples.of(times), (at_most(Statistic.WORST, 1.0),))
