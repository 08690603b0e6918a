"""Pools: one without a worker, two of them, and slots that a cancelled job gives back."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from lmsvc.paths import DataPaths
from tests.service.conftest import ServiceFactory
from tests.service.documents import Document, echo, sleep_each
from tests.service.running import RunningService, wait_for

pytestmark = [pytest.mark.cctools, pytest.mark.slow]

NO_WORKER = "no worker of pool default is there"


@contextmanager
def another_host(service: RunningService) -> Iterator[None]:
    """Let an agent of another host serve the default pool with one slot."""
    paths = DataPaths(service.data_dir)
    words = [
        *(sys.executable, "-m", "lmsvc.worker.agent", "--pool", "default"),
        *("--pool-dir", str(paths.root / "another"), "--host", "another", "--slots", "1"),
        *("--catalog", f"127.0.0.1:{service.catalog_port}", "--controllers", "127.0.0.1"),
        *("--password-file", str(paths.password("default")), "--memory-mb", "2000", "--disk-mb", "10000"),
        *("--env", f"PYTHONPATH={paths.root / 'python'}"),
    ]
    (paths.root / "another").mkdir()
    with (paths.logs / "another.log").open("wb") as log:
        agent = subprocess.Popen(words, stdout=log, stderr=log)
    try:
        yield
    finally:
        agent.terminate()
        agent.wait(30)


def metric(service: RunningService, name: str) -> float:
    """Return a number that Prometheus would read."""
    lines = httpx.get(f"{service.url}/metrics", trust_env=False).text.splitlines()
    return float(next(line for line in lines if line.startswith(f"{name} ")).split()[-1])


def test_a_pool_without_workers_is_said_everywhere(own_service: ServiceFactory) -> None:
    """State, page and metric say that no worker is there; the job goes on when a host with one comes."""
    service = own_service(pools={"default": {"slots": 1, "hosts": ["another"]}}, no_worker_seconds=0.5)
    job_id = service.submit(echo())
    wait_for("reason told", lambda: NO_WORKER in (service.job(job_id)["waiting"] or ""), 30)
    assert service.job(job_id)["state"] == "running"
    assert NO_WORKER in httpx.get(f"{service.url}/jobs/{job_id}", trust_env=False).text
    wait_for("metric", lambda: metric(service, 'lmsvc_pool_starved_seconds{pool="default"}') > 0, 30)
    assert metric(service, 'lmsvc_items{pool="default",state="waiting"}') == 1
    with another_host(service):
        job = service.wait_for_end(job_id, 60)
    assert (job["state"], job["waiting"]) == ("succeeded", None), service.logs()
    (task,) = service.tasks(job_id)
    assert task["host"] == "another"


def test_a_pool_gets_its_workers_with_a_restart(own_service: ServiceFactory) -> None:
    """A job that waited for a worker goes on after the service was started again with a slot."""
    service = own_service(pools={"default": {"slots": 0}}, no_worker_seconds=0.5)
    job_id = service.submit(echo())
    wait_for("reason told", lambda: "scaled to 0 slots" in (service.job(job_id)["waiting"] or ""), 30)
    service.stop()
    service.change({"pools": {"default": {"slots": 1}}})
    service.start()
    assert service.wait_for_end(job_id)["state"] == "succeeded"


def test_steps_of_two_categories_run_in_their_own_pools(own_service: ServiceFactory) -> None:
    """A job over two pools becomes two stages; every task runs on a slot of its own pool."""
    pools = {"small": {"categories": ["utility"], "slots": 1}, "rest": {"categories": ["*"], "slots": 1}}
    service = own_service(pools=pools)
    job = service.run(two_categories())
    assert job["state"] == "succeeded", (job, service.logs())
    assert {step["step"]: step["pool"] for step in job["steps"]} == {"say": "small", "split": "rest", "join": "small"}
    stages = {step["step"]: step["stage"] for step in job["steps"]}
    assert len(set(stages.values())) == 3
    projects = service.log_lines("controller", f"makeflow lm-small-{job['id']}")
    assert len(projects) == 2
    assert len(service.log_lines("controller", f"makeflow lm-rest-{job['id']}")) == 1


def two_categories() -> Document:
    """Return a job whose middle step belongs to another category than its neighbours."""
    texts = ["species,x,y\nFictia alba,1,2\n", "species,x,y\nFictia rubra,3,4\n"]
    return {
        "name": "two pools",
        "inputs": {"texts": {"value": texts}},
        "steps": {
            "say": {"run": "echo_text", "scatter": "text", "in": {"text": "inputs/texts"}},
            "split": {
                "run": "split_occurrence_data",
                "scatter": "occurrences",
                "in": {"occurrences": "say/text"},
            },
            "join": {"run": "concatenate_tables", "in": {"tables": "split/species"}},
        },
        "outputs": ["join/table"],
    }


def test_a_cancelled_job_gives_its_workers_to_another(own_service: ServiceFactory) -> None:
    """While one job holds every slot another waits, and says so; it runs as soon as the first is cancelled."""
    service = own_service(pools={"default": {"slots": 2}}, batch_seconds=0.1, no_worker_seconds=0.5)
    greedy = service.submit(sleep_each("seconds", [600.0] * 4))
    wait_for("both slots busy", lambda: service.client.pools()[0]["busy"] == 2, 60)
    patient = service.submit(echo())
    wait_for("it says so", lambda: service.job(patient)["waiting"] == "all 2 slots of pool default are busy", 30)
    service.client.cancel(greedy)
    took = wait_for("the other one over", lambda: service.is_over(patient), 25)
    print(f"slots given over within {took:.2f} s (bound: 5 s)")
    assert service.job(patient)["state"] == "succeeded"
    assert service.job(greedy)["state"] == "cancelled"
    assert not service.find("lmsvc.tools.sleep_seconds")


def test_a_job_runs_on_its_hosts_only(own_service: ServiceFactory) -> None:
    """A job that names a host waits for it beside idle slots, says so, and runs there alone when it comes."""
    service = own_service(pools={"default": {"slots": {"min": 2, "max": 3}}}, no_worker_seconds=0.5)
    job_id = service.submit({**sleep_each("seconds", [0.1] * 6), "hosts": ["another"], "pool": "default"})
    wait_for("reason told", lambda: f"{NO_WORKER} on another" in (service.job(job_id)["waiting"] or ""), 30)
    assert service.run(echo())["state"] == "succeeded"
    with another_host(service):
        job = service.wait_for_end(job_id, 120)
    assert job["state"] == "succeeded", service.logs()
    assert {task["host"] for task in service.tasks(job_id)} == {"another"}
