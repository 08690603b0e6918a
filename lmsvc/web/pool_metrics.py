"""Gauges of the pools: bounds, slots by host, tasks, the last scaling action, hosts that are drained or lost."""

from collections.abc import Iterator, Sequence

from prometheus_client.core import GaugeMetricFamily, Metric

from lmsvc.pools import PoolsPage
from lmsvc.web.board import Snapshot
from lmsvc.web.told import Tasks


def pool_metrics(page: PoolsPage, snapshot: Snapshot) -> Iterator[Metric]:
    """Yield every gauge of the pools as of a snapshot."""
    names = sorted({*page.pools(), *snapshot.hosts})
    yield _bounds(page)
    yield _slots(names, snapshot)
    yield _host_slots(names, snapshot)
    yield _tasks(names, snapshot)
    yield _oldest(names, snapshot)
    yield _scaled(snapshot)
    yield _lost(names, snapshot)
    drained = GaugeMetricFamily("lmsvc_drained_hosts", "hosts that get no work until they are undrained")
    drained.add_metric([], len(page.drained()))
    yield drained


def _bounds(page: PoolsPage) -> Metric:
    family = GaugeMetricFamily("lmsvc_pool_bounds", "slots a pool has at least and at most", labels=["pool", "bound"])
    for name, pool in page.pools().items():
        family.add_metric([name, "min"], pool.slots.min)
        family.add_metric([name, "max"], pool.slots.max)
    return family


def _slots(names: Sequence[str], snapshot: Snapshot) -> Metric:
    family = GaugeMetricFamily("lmsvc_slots", "slots by pool and state", labels=["pool", "state"])
    for pool in names:
        idle, slots = snapshot.slots(pool)
        wanted = sum(host.wanted for host in snapshot.hosts.get(pool, ()))
        for state, count in (("wanted", wanted), ("idle", idle), ("busy", slots - idle)):
            family.add_metric([pool, state], count)
    return family


def _host_slots(names: Sequence[str], snapshot: Snapshot) -> Metric:
    labels = ["pool", "host", "state"]
    family = GaugeMetricFamily("lmsvc_host_slots", "slots by pool, host and state", labels=labels)
    for pool in names:
        for host in snapshot.hosts.get(pool, ()):
            for state, count in (("wanted", host.wanted), ("idle", host.idle), ("busy", host.busy)):
                family.add_metric([pool, host.host, state], count)
    return family


def _tasks(names: Sequence[str], snapshot: Snapshot) -> Metric:
    family = GaugeMetricFamily("lmsvc_tasks", "tasks that wait for a slot or run", labels=["pool", "state"])
    for pool in names:
        tasks = snapshot.tasks.get(pool, Tasks())
        family.add_metric([pool, "waiting"], tasks.waiting)
        family.add_metric([pool, "running"], tasks.running)
    return family


def _oldest(names: Sequence[str], snapshot: Snapshot) -> Metric:
    name = "lmsvc_task_oldest_waiting_seconds"
    family = GaugeMetricFamily(name, "how long the oldest waiting task has waited; 0 for none", labels=["pool"])
    for pool in names:
        family.add_metric([pool], snapshot.tasks.get(pool, Tasks()).oldest_seconds or 0.0)
    return family


def _scaled(snapshot: Snapshot) -> Metric:
    family = GaugeMetricFamily(
        "lmsvc_pool_scaled_timestamp_seconds", "when a pool was scaled last, and why", labels=["pool", "reason"]
    )
    for pool, allocation in snapshot.allocations.items():
        if allocation.action:
            family.add_metric([pool, allocation.action.reason], allocation.action.time)
    return family


def _lost(names: Sequence[str], snapshot: Snapshot) -> Metric:
    family = GaugeMetricFamily("lmsvc_lost_hosts", "hosts of a pool that fell silent", labels=["pool"])
    for pool in names:
        family.add_metric([pool], len(snapshot.lost(pool)))
    return family
