"""A small job beside one that holds every slot."""

import random
import time
from collections.abc import Iterator

from bench.context import Bench
from bench.documents import naps, trivial
from bench.rows import Row, Statistic, at_most
from bench.samples import Samples

NAP_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 5.0


def small_beside_large(bench: Bench) -> Iterator[Row]:
    """Post one-task jobs at random moments while another job's items hold every slot."""
    items = bench.count(1000, 100)
    chance = random.Random(1)
    with bench.service() as service:
        service.run(trivial())
        large = service.client.submit(naps(items, NAP_SECONDS))["id"]
        times = []
        for _ in range(bench.count(5, 2)):
            service.wait_running(large, bench.slots)
            time.sleep(chance.uniform(0, LONGEST_PAUSE_SECONDS))
            times.append(service.run(trivial()).ended)
        service.client.cancel(large)
    what = f"one-task job posted while {items} items of {NAP_SECONDS:g} s hold every slot, to succeeded"
    yield Row("small-beside-large", what, "s", Samples.of(times), (at_most(Statistic.MEDIAN, 3.0),))
