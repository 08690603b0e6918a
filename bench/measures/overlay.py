"""How soon a makeflow gets its first task onto an idle slot of another host, across the overlay."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bench.cluster import Cluster, Facts
from bench.context import Bench
from bench.documents import trivial
from bench.jobs import Timing, run_job
from bench.measures.discovery import PROMISES
from bench.pools import NotPossible, Record, idle_cluster, wait_for_pools
from bench.rows import Row
from bench.samples import Samples
from lmsvc.cctools.makeflow import LOCK_FILE
from lmsvc.client import Client
from lmsvc.worker.agent import AFTERGLOW_SECONDS

PATIENCE_SECONDS = 60.0
REST_SECONDS = AFTERGLOW_SECONDS + 1
"""So long after its last work an agent is at rest again."""
NOTED = f"""
cd "$0" && for job; do
  stat -c %.9Y "$job"/stages/*/*/*/{LOCK_FILE} | sort -n | head -n 1
  tar -xOf "$job"/bundles/*.tar status.json | tr -d '\\n'
  echo
done"""
"""Prints for each job of one task when its makeflow began, and on the next line the status that the task left."""


def overlay_discovery(bench: Bench) -> Iterator[Row]:
    """Measure jobs of one task, each after a rest, in idle slots of hosts without a controller."""
    with idle_cluster(bench) as (cluster, client, chosen):
        cluster.scale(chosen.name, chosen.most, chosen.most)
        hosts = distant_hosts(client, chosen.name, cluster.facts)
        document = {**trivial(), "pool": chosen.name, "hosts": hosts}
        run_job(client, document)
        timings = [_after_rest(client, document) for _ in range(bench.count(20, 3))]
        times = starts_to_tasks(cluster, [timing.job_id for timing in timings])
    what = "makeflow start to first task running, across the overlay, cluster at rest"
    note = f"on {', '.join(hosts)}, without a controller; each {REST_SECONDS:g} s after the one before"
    yield Row("overlay-discovery", what, "s", Samples.of(times), PROMISES, note=note)
    yield Row("overlay-discovery", "the same: POST to succeeded", "s", Samples.of(timing.ended for timing in timings))


def distant_hosts(client: Client, pool: str, facts: Facts) -> list[str]:
    """Return the hosts of workers alone where slots of a pool wait for work, once there are such."""
    distant = set(facts.workers) - set(facts.controllers)
    if not distant:
        raise NotPossible("every worker host is a controller's: no task crosses the overlay")
    found: list[str] = []

    def look(pools: Mapping[str, Record]) -> bool:
        found[:] = [host["host"] for host in pools[pool]["hosts"] if host["idle"] and host["host"] in distant]
        return bool(found)

    wait_for_pools(client, f"an idle slot of pool {pool} on {', '.join(sorted(distant))}", PATIENCE_SECONDS, look)
    return found


def _after_rest(client: Client, document: Mapping[str, Any]) -> Timing:
    time.sleep(REST_SECONDS)
    return run_job(client, document)


def starts_to_tasks(cluster: Cluster, job_ids: Sequence[str]) -> list[float]:
    """Return for each job of one task the seconds from its makeflow's start to its task's, by what they left on disk.

    Raises:
        NotPossible: a task ran on a controller's host.
    """
    jobs = f"{cluster.facts.data_dir}/jobs"
    (noted,) = cluster.printed("web[0]", ["sh", "-c", NOTED, jobs, *job_ids]).values()
    lines = noted.splitlines()
    return [
        _seconds(float(start), json.loads(status), cluster.facts)
        for start, status in zip(lines[::2], lines[1::2], strict=True)
    ]


def _seconds(start: float, status: Mapping[str, Any], facts: Facts) -> float:
    if status["host"] in facts.controllers:
        raise NotPossible(f"a task ran on {status['host']}, a controller's host")
    return float(status["started"]) - start
