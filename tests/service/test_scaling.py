"""Pools that scale on one machine: by demand, by their page, and what becomes of jobs meanwhile."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.service.conftest import ServiceFactory
from tests.service.documents import echo, sleep_each
from tests.service.running import RunningService, wait_for

pytestmark = [pytest.mark.cctools, pytest.mark.slow]
SMALL = {"memory_mb": 500, "disk_mb": 500}


def write_page(path: Path, pools: Mapping[str, Any]) -> None:
    """Replace the pools page as a playbook does."""
    path.with_suffix(".new").write_text(json.dumps({"pools": pools}))
    path.with_suffix(".new").rename(path)


def pool(service: RunningService, name: str = "default") -> dict[str, Any]:
    """Return a pool as the service shows it."""
    (found,) = (each for each in service.client.pools() if each["name"] == name)
    return found


def test_a_pool_grows_with_its_work_and_shrinks_after_it(own_service: ServiceFactory) -> None:
    """From no slot to as many as tasks and machine allow, each with its reason, and back to none."""
    service = own_service(pools={"default": {**SMALL, "slots": {"min": 0, "max": 2}}}, batch_seconds=0.1)
    assert pool(service)["slots"] == 0
    job_id = service.submit(sleep_each("seconds", [3.0] * 6))
    wait_for("two slots busy", lambda: pool(service)["busy"] == 2, 60)
    assert pool(service)["last_action"]["reason"].startswith("grew from 0 to 2: ")
    assert service.wait_for_end(job_id)["state"] == "succeeded", service.logs()
    wait_for("no slot", lambda: pool(service)["slots"] == 0, 60)
    assert pool(service)["last_action"]["reason"] == "shrank from 2 to 0: nothing to do for 10 s"


def test_a_pool_scaled_to_nothing_keeps_its_queue(own_service: ServiceFactory, tmp_path: Path) -> None:
    """Scaled to 0 while a job runs, its task ends, the rest waits, says why, and moves when scaled up."""
    page = tmp_path / "pools.json"
    write_page(page, {"default": {**SMALL, "slots": 1}})
    service = own_service(pools_file=str(page), batch_seconds=0.1, no_worker_seconds=0.5)
    job_id = service.submit(sleep_each("seconds", [2.0] * 4))
    wait_for("at work", lambda: pool(service)["busy"] == 1, 60)
    write_page(page, {"default": {**SMALL, "slots": 0}})
    wait_for("it says so", lambda: "scaled to 0 slots" in (service.job(job_id)["waiting"] or ""), 60)
    wait_for("no slot", lambda: pool(service)["slots"] == 0, 60)
    write_page(page, {"default": {**SMALL, "slots": 1}})
    job = service.wait_for_end(job_id, 120)
    assert (job["state"], job["progress"]["done"]) == ("succeeded", 4), service.logs()
    assert {task["attempt"] for task in service.tasks(job_id)} == {1}


def test_a_job_whose_pool_gets_too_small_is_told_so(own_service: ServiceFactory, tmp_path: Path) -> None:
    """Slots that became smaller than its tasks end a job with numbers; larger ones again take the next job."""
    page = tmp_path / "pools.json"
    write_page(page, {"default": {**SMALL, "slots": 0}})
    service = own_service(pools_file=str(page), no_worker_seconds=0.5)
    job_id = service.submit(echo())
    wait_for("it waits", lambda: "scaled to 0" in (service.job(job_id)["waiting"] or ""), 60)
    write_page(page, {"default": {**SMALL, "memory_mb": 20, "slots": 0}})
    job = service.wait_for_end(job_id, 60)
    assert job["state"] == "failed"
    assert job["error"]["reason"] == "step say: no pool can run this task: needs 50 MB, largest slot 20 MB"


def test_slots_of_another_size_take_over_what_is_left(own_service: ServiceFactory, tmp_path: Path) -> None:
    """A job planned for slots that are no more goes on with those there are, and what is done stays done."""
    page = tmp_path / "pools.json"
    write_page(page, {"default": {**SMALL, "slots": 0}})
    service = own_service(pools_file=str(page), no_worker_seconds=0.5)
    job_id = service.submit(echo())
    wait_for("it waits", lambda: "scaled to 0" in (service.job(job_id)["waiting"] or ""), 60)
    write_page(page, {"default": {"memory_mb": 400, "disk_mb": 500, "slots": 0}})
    wait_for("planned anew", lambda: service.log_lines("controller", "it is planned anew"), 60)
    service.stop()
    write_page(page, {"default": {"memory_mb": 400, "disk_mb": 500, "slots": 1}})
    service.start()
    assert service.wait_for_end(job_id, 60)["state"] == "succeeded", service.logs()
    rules = json.loads(next(service.data_dir.glob("jobs/*/stages/say/attempt-2/s0/Makeflow*")).read_text())["rules"]
    assert {rule["resources"]["memory"] for rule in rules} == {400}


def test_two_pools_share_a_machine(own_service: ServiceFactory) -> None:
    """Each may have the whole machine; with work for both each gets its part within 30 s, and no task is lost."""
    both = {**SMALL, "slots": {"min": 0, "max": 2}}
    pools = {"first": {**both, "categories": ["utility"]}, "second": {**both, "categories": ["other"]}}
    service = own_service(pools=pools, batch_seconds=0.1)
    one = service.submit({**sleep_each("seconds", [3.0] * 12), "pool": "first"})
    wait_for("the first has all", lambda: pool(service, "first")["busy"] == 2, 60)
    two = service.submit({**sleep_each("seconds", [3.0] * 4), "pool": "second"})
    took = wait_for("equal parts", lambda: [pool(service, name)["busy"] for name in pools] == [1, 1], 150)
    print(f"equal parts after {took:.1f} s (bound: 30 s)")
    for job_id, items in ((one, 12), (two, 4)):
        job = service.wait_for_end(job_id, 180)
        assert (job["state"], job["progress"]["done"]) == ("succeeded", items), service.logs()
        assert {task["attempt"] for task in service.tasks(job_id)} == {1}
