"""Health, pools and metrics, with a real catalog where one is needed."""

import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lmsvc.heartbeats import Heartbeat, write_heartbeat
from lmsvc.store.records import StepProgress
from lmsvc.web.board import hosts_by_pool
from lmsvc.web.metrics import Starvation
from tests.web.asking import body
from tests.web.catalog import CATALOG_PORT, catalog_server, metrics_of
from tests.web.site import A_JOB, Site

AGENT: dict[str, Any] = {
    "type": "lm_agent",
    "uuid": "agent-node1-default",
    "port": 0,
    "lifetime": 120,
    "pool": "default",
    "host": "node1",
    "slots_wanted": 3,
    "slots": [
        {"slot": "node1-0", "state": "working", "task": "lm-default-x/say.1.0000"},
        {"slot": "node1-1", "state": "idle", "task": None},
    ],
}


def _heartbeat(site: Site, age: float = 0.0, host: str = "alpha") -> None:
    site.paths.make()
    write_heartbeat(site.paths.controllers, Heartbeat(host, time.time() - age))


def test_service_without_its_parts_lives_but_is_not_ready(site: Site) -> None:
    """Without catalog and controller /healthz is 200, /readyz is 503 and names what is missing."""
    assert body(site.client.get("/healthz"))["status"] == "alive"
    checks = body(site.client.get("/readyz"), 503)["checks"]
    assert {name: check["ready"] for name, check in checks.items()} == {
        "database": True,
        "catalog": False,
        "controller": False,
    }


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"time": "x"}', '{"time": null}', "\x00", '{"time": NaN}'])
def test_unreadable_heartbeats_are_no_heartbeats(site: Site, text: str) -> None:
    """Whatever is in the heartbeat's file, the answer is a 503 that speaks of the controller."""
    site.paths.make()
    (site.paths.controllers / "alpha.json").write_text(text)
    assert not body(site.client.get("/readyz"), 503)["checks"]["controller"]["ready"]


def test_old_heartbeat_means_no_controller(site: Site) -> None:
    """A heartbeat 20 s old does not count, a fresh one does, also beside it."""
    _heartbeat(site, age=20)
    assert "20 s ago on alpha" in body(site.client.get("/readyz"), 503)["checks"]["controller"]["detail"]
    _heartbeat(site, host="beta")
    check = body(site.client.get("/readyz"), 503)["checks"]["controller"]
    assert check == {"ready": True, "detail": "runs on beta; was last heard from 20 s ago on alpha"}


@pytest.mark.cctools
@pytest.mark.skipif(shutil.which("catalog_server") is None, reason="catalog_server is not installed")
def test_pools_slots_and_readiness_come_from_the_catalog(tmp_path: Path) -> None:
    """With a catalog, an agent's record and a heartbeat the service is ready and shows slots, tasks and hosts."""
    site = Site.make(tmp_path / "data", catalog_port=CATALOG_PORT)
    _heartbeat(site)
    with catalog_server(tmp_path) as catalog:
        end = time.monotonic() + 10
        pool: dict[str, Any] = {"slots": 0}
        while not pool["slots"] and time.monotonic() < end:
            catalog.update(AGENT)
            time.sleep(0.3)
            (pool,) = body(site.client.get("/api/v1/pools"))["pools"]
        assert body(site.client.get("/readyz"))["ready"]
        waiting = body(site.client.get(f"/api/v1/jobs/{site.queued()}"))["waiting"]
        found = metrics_of(site)
    site.store.close()
    assert (pool["wanted"], pool["slots"], pool["busy"], pool["idle"]) == (3, 2, 1, 1)
    assert pool["hosts"][0]["slots"][0]["task"] == "lm-default-x/say.1.0000"
    assert waiting == "1st in the queue, 1 of 2 slots free"
    assert found['lmsvc_slots{pool="default",state="wanted"}'] == 3
    assert found["lmsvc_catalog_unreachable"] == 0


def test_metrics_count_jobs_items_and_requests(site: Site) -> None:
    """Jobs by state, items by pool, and requests by operation and status are there."""
    job_id = site.running(replace(A_JOB, name="x"))
    site.queued()
    step = StepProgress(step="s", tool="t", category="c", pool="default", waiting=7, running=2)
    site.store.save_steps(job_id, [step])
    site.client.get("/nothing")
    found = metrics_of(site)
    assert found['lmsvc_jobs{state="queued"}'] == 1
    assert found['lmsvc_jobs{state="running"}'] == 1
    assert found['lmsvc_items{pool="default",state="waiting"}'] == 7
    assert found['lmsvc_items{pool="default",state="running"}'] == 2
    assert found['lmsvc_http_seconds_count{operation="none",status="404"}'] == 1
    assert found["lmsvc_catalog_unreachable"] == 1
    assert found['lmsvc_pool_starved_seconds{pool="default"}'] >= 0


def test_starvation_begins_with_waiting_work_and_ends_with_a_slot() -> None:
    """The seconds count while work waits without a slot, and start again from 0."""
    clock = Starvation()
    assert clock.observe({"a": 3}, {"a": 0}, 100.0) == {"a": 0.0}
    assert clock.observe({"a": 3}, {"a": 0}, 107.0) == {"a": 7.0}
    assert clock.observe({"a": 3}, {"a": 1}, 108.0) == {"a": 0.0}
    assert clock.observe({"a": 3}, {"a": 0}, 110.0) == {"a": 0.0}
    assert clock.observe({"a": 0}, {"a": 0}, 120.0) == {"a": 0.0}


def test_records_of_agents_may_lack_anything() -> None:
    """A record from a foreign or older agent gives a view with what it has."""
    (view,) = hosts_by_pool([{"pool": "x"}])["x"]
    assert (view.wanted, view.busy, view.idle) == (0, 0, 0)
