"""Jobs that are timed, at whichever service a client speaks to."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lmsvc.client import Client
from lmsvc.client.models import TERMINAL

JOB_SECONDS = 3600.0
LONGEST_WAIT = 60
SUCCEEDED = "succeeded"


class JobFailed(Exception):
    """A job of the bench did not succeed, so its time means nothing."""


@dataclass(frozen=True)
class Timing:
    """One job, in seconds since it was posted: its 202, its end with the package ready."""

    job_id: str
    accepted: float
    ended: float


def run_job(client: Client, document: Mapping[str, Any]) -> Timing:
    """Submit a job and wait for its package.

    Raises:
        JobFailed: it did not succeed.
    """
    started = time.monotonic()
    job_id = client.submit(document)["id"]
    accepted = time.monotonic() - started
    wait_for_job(client, job_id)
    return Timing(job_id, accepted, time.monotonic() - started)


def wait_for_job(client: Client, job_id: str) -> None:
    """Wait until a job has succeeded and its package is there.

    Raises:
        JobFailed: it ended otherwise, or not in time.
    """
    end_of_patience = time.monotonic() + JOB_SECONDS
    while time.monotonic() < end_of_patience:
        job, _ = client.change(job_id, "", LONGEST_WAIT)
        if job is not None and job["state"] in TERMINAL:
            break
    if job is None or job["state"] != SUCCEEDED or not _has_package(job):
        raise JobFailed(f"job {job_id}: {json.dumps(job)[:2000]}")


def _has_package(job: Mapping[str, object]) -> bool:
    links = job.get("links")
    return isinstance(links, dict) and bool(links.get("package"))
