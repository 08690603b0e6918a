"""The measures, in the order of the table."""

from collections.abc import Callable, Iterator, Mapping

from bench.context import Bench
from bench.measures.allocator import allocator
from bench.measures.catalog import catalog
from bench.measures.discovery import discovery, first_job
from bench.measures.idle import idle
from bench.measures.latency import latency
from bench.measures.neighbours import small_beside_large
from bench.measures.overlay import overlay_discovery
from bench.measures.queue import queue, users
from bench.measures.scaling import growth, scale
from bench.measures.site import site
from bench.measures.throughput import throughput
from bench.measures.workflow import workflow
from bench.rows import Row

Measure = Callable[[Bench], Iterator[Row]]

MEASURES: Mapping[str, Measure] = {
    "discovery": discovery,
    "first-job": first_job,
    "latency": latency,
    "small-beside-large": small_beside_large,
    "workflow": workflow,
    "throughput": throughput,
    "queue": queue,
    "users": users,
    "idle": idle,
    "allocator": allocator,
    "catalog": catalog,
    "site": site,
    "scale": scale,
    "growth": growth,
    "overlay-discovery": overlay_discovery,
}
"""By the name that ``--only`` takes."""
