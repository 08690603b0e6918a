"""What goes wrong inside one job stays there; what was acknowledged stays known."""

import contextlib
import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.service.conftest import ServiceFactory
from tests.service.documents import Document, echo, sleep, sleep_each
from tests.service.running import RunningService, wait_for

pytestmark = [pytest.mark.cctools, pytest.mark.slow]


def join_upload(upload: str) -> Document:
    """Return a job that reads an upload."""
    return {
        "name": "join",
        "inputs": {"tables": [{"upload": upload}]},
        "steps": {"join": {"run": "concatenate_tables", "in": {"tables": "inputs/tables"}}},
        "outputs": ["join/table"],
    }


def test_an_upload_deleted_behind_its_back_fails_only_its_job(service: RunningService, tmp_path: Path) -> None:
    """A job whose upload vanished from the disk fails and says which; others do not notice."""
    table = tmp_path / "table.csv"
    table.write_text("a,b\n1,2\n", encoding="utf-8")
    upload = service.upload(table)
    neighbour = service.submit(sleep({"seconds": 2.0}))
    (place,) = (service.data_dir / "uploads").glob(f"*/{upload}*")
    place.unlink()
    job = service.run(join_upload(upload))
    assert job["state"] == "failed"
    assert job["error"]["reason"] == f"upload {upload} is gone: upload the file again and submit the job anew"
    assert service.wait_for_end(neighbour)["state"] == "succeeded"
    assert service.upload(table) == upload
    assert service.run(join_upload(upload))["state"] == "succeeded"


def test_a_job_directory_deleted_behind_its_back_fails_only_its_job(own_service: ServiceFactory) -> None:
    """A job whose directory vanished while it ran ends with a reason; the controller and other jobs go on."""
    service = own_service(pools={"default": {"slots": 2}}, batch_seconds=0.1)
    broken = service.submit(sleep_each("seconds", [0.5] * 20))
    wait_for("tasks running", lambda: service.job(broken)["progress"]["running"] > 0, 60)
    neighbour = service.submit(sleep({"seconds": 2.0}))
    (controller,) = service.find("lmsvc.cli.main", "controller")
    shutil.rmtree(service.data_dir / "jobs" / broken)
    job = service.wait_for_end(broken, 60)
    assert job["state"] == "failed"
    print(f"reason: {job['error']['reason']}")
    assert broken in job["error"]["reason"]
    assert service.wait_for_end(neighbour)["state"] == "succeeded"
    assert service.find("lmsvc.cli.main", "controller") == [controller]


def test_a_key_keeps_its_job_after_a_restart(own_service: ServiceFactory) -> None:
    """The same Idempotency-Key and document give the same job after everything was killed; another document a 422."""
    service = own_service()
    first = post(service, "a key", echo("one"))
    service.kill_everything()
    service.start()
    again, other = post(service, "a key", echo("one")), post(service, "a key", echo("two"))
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    assert again.headers["Idempotent-Replayed"] == "true"
    assert other.status_code == 422
    assert problem(other)["type"] == "urn:lmsvc:idempotency-conflict"
    assert service.wait_for_end(first.json()["id"])["state"] == "succeeded"
    assert len(service.client.jobs()["jobs"]) == 1


def post(service: RunningService, key: str, document: Document) -> httpx.Response:
    """Submit a document under a key."""
    headers = {"Idempotency-Key": key.replace(" ", "-"), "Content-Type": "application/json"}
    body = json.dumps(document).encode()
    return httpx.post(f"{service.url}/api/v1/jobs", content=body, headers=headers, trust_env=False, timeout=30)


def problem(answer: httpx.Response) -> dict[str, Any]:
    """Return the problem an answer tells."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    return dict(answer.json())


def test_a_locked_database_only_delays(own_service: ServiceFactory) -> None:
    """A job that ends while the database takes no writes is told as ended once it does; the controller stays."""
    service = own_service()
    job_id = service.submit(sleep({"seconds": 1.0}))
    wait_for("task running", lambda: service.find("lmsvc.tools.sleep_seconds"), 60)
    controller = service.find("lmsvc.cli.main", "controller")
    with contextlib.closing(sqlite3.connect(service.data_dir / "lmsvc.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        wait_for("trouble noticed", lambda: service.log_lines("controller", "trying again"), 90)
        other.execute("ROLLBACK")
    job = service.wait_for_end(job_id, 60)
    assert (job["state"], job["attempt"]) == ("succeeded", 1)
    assert service.find("lmsvc.cli.main", "controller") == controller
