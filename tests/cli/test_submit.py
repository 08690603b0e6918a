"""``lmsvc submit``, ``plan`` and ``status`` against a real web service."""

import json
import threading
import time
from pathlib import Path

from lmsvc.jobs.states import JobState
from tests.cli.conftest import Commands
from tests.web.site import A_JOB, ECHO, Site


def document(folder: Path, **changes: object) -> str:
    """Write a job document and return its name."""
    (folder / "job.json").write_text(json.dumps({**ECHO, **changes}))
    return "job.json"


def test_submit_prints_the_id_and_stores_the_job(lmsvc: Commands, tmp_path: Path) -> None:
    """The id alone is on stdout, so that scripts can take it."""
    ran = lmsvc("submit", document(tmp_path))
    assert ran.code == 0
    job = lmsvc.site.store.job(ran.out.strip())
    assert job is not None
    assert job.state is JobState.QUEUED


def test_local_files_are_uploaded_and_named_by_id(lmsvc: Commands, tmp_path: Path) -> None:
    """A file in the document becomes an upload; the stored document names its id."""
    (tmp_path / "Heuchera alba.csv").write_bytes(b"species,x,y\n" * 100_000)
    inputs = {"p": {"file": "Heuchera alba.csv", "label": "Heuchera alba"}}
    ran = lmsvc("submit", document(tmp_path, inputs=inputs), "--json")
    assert ran.code == 0, ran.err
    job = lmsvc.site.store.job(json.loads(ran.out)["id"])
    assert job is not None
    given = job.document["inputs"]["p"]
    upload = lmsvc.site.store.upload(given["upload"])
    assert upload is not None
    assert (upload.name, upload.size, given["label"]) == ("Heuchera alba.csv", 1_200_000, "Heuchera alba")


def test_a_document_with_faults_exits_2_and_shows_them(lmsvc: Commands, tmp_path: Path) -> None:
    """Faults found by the service look like those found by validate."""
    ran = lmsvc("submit", document(tmp_path, outputs=["say/txt"]))
    assert ran.code == 2
    assert "/outputs/0" in ran.err


def test_plan_shows_steps_and_stores_nothing(lmsvc: Commands, tmp_path: Path) -> None:
    """The plan names stage, tool and pool of the step; no job is made."""
    before = len(lmsvc.site.client.get("/api/v1/jobs").get_json()["jobs"])
    ran = lmsvc("plan", document(tmp_path))
    assert ran.code == 0
    assert "echo_text" in ran.out
    assert len(lmsvc.site.client.get("/api/v1/jobs").get_json()["jobs"]) == before


def test_waiting_stops_after_the_time_given(lmsvc: Commands, tmp_path: Path) -> None:
    """A job that nobody runs is still queued after a second: exit 7, and it stays queued."""
    started = time.monotonic()
    ran = lmsvc("submit", document(tmp_path), "--wait", "--timeout", "1")
    print(f"gave up after {time.monotonic() - started:.2f} s")
    assert ran.code == 7
    assert "still queued" in ran.err


def test_waiting_ends_with_the_job(lmsvc: Commands) -> None:
    """The end of a job is noticed while waiting; a failed one gives exit 1 and its reason."""
    job_id = lmsvc.site.running(A_JOB)
    end = threading.Timer(0.5, fail, (lmsvc.site, job_id))
    end.start()
    ran = lmsvc("status", job_id, "--wait", "--timeout", "30")
    end.join()
    assert ran.code == 1
    assert "failed" in ran.out
    assert "no space left" in ran.out


def fail(site: Site, job_id: str) -> None:
    """Let a running job fail."""
    error = {"title": "The job failed", "detail": "no space left"}
    site.store.transition(job_id, JobState.FAILED, time.time(), expected=JobState.RUNNING, owner="tests", error=error)


def test_status_lists_jobs_by_state_and_name(lmsvc: Commands) -> None:
    """The list can be narrowed to one state, and to a part of the name."""
    succeeded = lmsvc.site.ended()
    listed = lmsvc("status", "--state", "succeeded", "--search", "a job")
    assert succeeded in listed.out
    assert succeeded not in lmsvc("status", "--state", "cancelled").out


def test_status_of_one_job_shows_its_state(lmsvc: Commands) -> None:
    """One job is shown with name, state and time; --json gives the API's own object."""
    job_id = lmsvc.site.queued()
    assert f"a job ({job_id}, attempt 1): " in lmsvc("status", job_id).out
    assert json.loads(lmsvc("status", job_id, "--json").out)["state"] == "queued"
