"""Prometheus metrics: what the service is asked, and what jobs and pools are doing at the moment of the scrape."""

import threading
import time
from collections.abc import Iterator, Mapping

from flask import Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from lmsvc.jobs.states import JobState
from lmsvc.store.errors import StoreError
from lmsvc.web.board import Snapshot
from lmsvc.web.demand import Demand, demand
from lmsvc.web.operations import Answer, Operation
from lmsvc.web.pool_metrics import pool_metrics
from lmsvc.web.services import Services

_KEY = "lmsvc.metrics"
_BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60)


class Starvation:
    """Since when pools have work waiting but no slot."""

    def __init__(self) -> None:
        """Begin with no pool starved."""
        self._since: dict[str, float] = {}
        self._lock = threading.Lock()

    def observe(self, waiting: Mapping[str, int], slots: Mapping[str, int], now: float) -> dict[str, float]:
        """Return for each pool the seconds it has had waiting work without a slot; 0 where it has not."""
        with self._lock:
            starved = {pool for pool, count in waiting.items() if count and not slots.get(pool)}
            self._since = {pool: self._since.get(pool, now) for pool in starved}
            return {pool: now - self._since.get(pool, now) for pool in {*waiting, *slots}}


class State(Collector):
    """Gauges read from the database and the catalog when Prometheus asks."""

    def __init__(self, found: Services) -> None:
        """Read through these services."""
        self._services = found
        self._starvation = Starvation()

    def collect(self) -> Iterator[Metric]:
        """Yield every gauge; those of the database are absent while it does not answer."""
        snapshot = self._services.board.snapshot()
        unreachable = GaugeMetricFamily("lmsvc_catalog_unreachable", "1 while the catalog does not answer")
        unreachable.add_metric([], float(not snapshot.reachable))
        yield unreachable
        yield from pool_metrics(self._services.page, snapshot)
        try:
            counts, work = self._services.store.counts(), demand(self._services.store)
        except StoreError:
            return
        yield _jobs(counts)
        yield _items(work)
        yield self._starved(work, snapshot)

    def _starved(self, work: Demand, snapshot: Snapshot) -> Metric:
        pools = {*self._services.page.pools(), *work.waiting}
        waiting = {pool: work.waiting.get(pool, 0) for pool in pools}
        slots = {pool: snapshot.slots(pool)[1] for pool in pools}
        family = GaugeMetricFamily(
            "lmsvc_pool_starved_seconds", "seconds that work has waited in a pool without a slot", labels=["pool"]
        )
        for pool, seconds in self._starvation.observe(waiting, slots, time.monotonic()).items():
            family.add_metric([pool], seconds)
        return family


def _jobs(counts: Mapping[JobState, int]) -> Metric:
    family = GaugeMetricFamily("lmsvc_jobs", "jobs by state", labels=["state"])
    for state in JobState:
        family.add_metric([state.value], counts.get(state, 0))
    return family


def _items(work: Demand) -> Metric:
    family = GaugeMetricFamily("lmsvc_items", "items of running jobs by pool and state", labels=["pool", "state"])
    for state, counts in (("waiting", work.waiting), ("running", work.running)):
        for pool, count in counts.items():
            family.add_metric([pool, state], count)
    return family


def install(app: Flask, found: Services) -> None:
    """Measure every request of an application and let it answer scrapes."""
    registry = CollectorRegistry()
    registry.register(State(found))
    seconds = Histogram(
        "lmsvc_http_seconds",
        "seconds until the answer began",
        ["operation", "status"],
        buckets=_BUCKETS,
        registry=registry,
    )
    app.extensions[_KEY] = registry

    @app.after_request
    def measure(response: Response) -> Response:
        operation = request.endpoint or "none"
        seconds.labels(operation, str(response.status_code)).observe(time.monotonic() - g.began)
        return response


def metrics() -> Response:
    """Tell Prometheus how the service is doing."""
    registry = current_app.extensions[_KEY]
    assert isinstance(registry, CollectorRegistry)
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


OPERATIONS = (
    Operation("GET", "/metrics", metrics, "service", {200: Answer("Prometheus' text.", media_type="text/plain")}),
)
