"""The client's part for jobs: submit, watch, change."""

import math
import time
import uuid
from collections.abc import Callable, Iterator
from typing import cast

from lmsvc.client.calls import API, JSON, Calls, encode, job_path
from lmsvc.client.errors import ClientError, ServiceUnreachable, StillRunning
from lmsvc.client.following import Event, follow
from lmsvc.client.models import TERMINAL, Item, Job, JobHead, JobPage, Plan, Record, Submitted, Task
from lmsvc.client.patience import Patience
from lmsvc.client.transport import Query

LONGEST_QUESTION_SECONDS = 20.0
PAUSE_SECONDS = 0.1
"""Least time between two questions: a busy job changes more often than an eye can follow."""


class JobCalls(Calls):
    """Jobs and all that is known of them."""

    def submit(self, document: object) -> Submitted:
        """Submit a job; sending it twice where the first answer got lost still makes one job."""
        headers, content = {"Idempotency-Key": str(uuid.uuid4()), **JSON}, encode(document)
        try:
            return cast(Submitted, self._transport.send("POST", f"{API}/jobs", None, headers, content).json())
        except ServiceUnreachable:
            return cast(Submitted, self._transport.send("POST", f"{API}/jobs", None, headers, content).json())

    def plan(self, document: object) -> Plan:
        """Return the plan the service would make of a document, without submitting it."""
        return cast(Plan, self._object("POST", f"{API}/jobs", {"dry_run": "true"}, encode(document)))

    def job(self, job_id: str) -> Job:
        """Return the state of a job."""
        return cast(Job, self._object("GET", job_path(job_id)))

    def job_document(self, job_id: str) -> Record:
        """Return the document a job was made from."""
        return cast(Record, self._object("GET", f"{job_path(job_id)}/document"))

    def change(self, job_id: str, etag: str, wait: float = 0.0) -> tuple[Job | None, str]:
        """Return the state of a job and its ETag once that differs from ``etag``; None after ``wait`` seconds."""
        headers = {"If-None-Match": etag} if etag else None
        answer = self._transport.send("GET", job_path(job_id), {"wait": wait}, headers)
        if answer.status_code == 304:
            return None, etag
        return cast(Job, answer.json()), answer.headers.get("ETag", "")

    def changes(self, job_id: str, timeout: float | None = None) -> Iterator[Job]:
        """Yield the state of a job now and whenever it changed, up to its end; a restart of the service is waited out.

        Raises:
            StillRunning: it has not ended after ``timeout`` seconds.
        """
        end = math.inf if timeout is None else time.monotonic() + timeout
        etag, wait = "", 0.0
        while True:
            job, etag = self._patiently(job_id, etag, wait)
            if job is not None:
                yield job
                if job["state"] in TERMINAL:
                    return
            if time.monotonic() >= end:
                raise StillRunning(f"job {job_id} has not ended after {timeout:g} s; it goes on")
            time.sleep(PAUSE_SECONDS)
            wait = max(0.0, min(LONGEST_QUESTION_SECONDS, end - time.monotonic()))

    def wait(self, job_id: str, timeout: float | None = None, progress: Callable[[Job], None] | None = None) -> Job:
        """Return the state of a job when it has ended; ``progress`` is told each state before.

        Raises:
            StillRunning: it has not ended after ``timeout`` seconds.
        """
        for job in self.changes(job_id, timeout):
            if progress:
                progress(job)
        return job

    def follow(self, job_id: str, after: int = 0) -> Iterator[Event]:
        """Yield what happened to a job (after the event with this id) and what happens, each once, up to its end."""
        return follow(self._transport, job_id, after)

    def jobs(self, **filters: str | int) -> JobPage:
        """Return one page of jobs; filters are those of the API (``state``, ``tag``, ``q``, ``cursor``, ``limit``)."""
        return cast(JobPage, self._object("GET", f"{API}/jobs", dict(filters)))

    def all_jobs(self, **filters: str | int) -> Iterator[JobHead]:
        """Yield all jobs, the newest first, page by page as they are asked for."""
        return cast(Iterator[JobHead], self._all(f"{API}/jobs", "jobs", dict(filters)))

    def tasks(self, job_id: str, **filters: str) -> Iterator[Task]:
        """Yield the tasks of a job, each with the host that ran it; filters are ``step`` and ``state``."""
        return cast(Iterator[Task], self._all(f"{job_path(job_id)}/tasks", "tasks", dict(filters)))

    def items(self, job_id: str, **filters: str) -> Iterator[Item]:
        """Yield the items of a job that failed, were skipped or not run; filters are ``step`` and ``state``."""
        return cast(Iterator[Item], self._all(f"{job_path(job_id)}/items", "items", dict(filters)))

    def log(self, job_id: str, step: str | None = None, item: int | None = None, stream: str = "both") -> str:
        """Return the log of a job, of one of its steps, or of one item; ``stream`` is stdout, stderr or both."""
        query: Query = {"stream": stream}
        if step is not None:
            query["step"] = step
        if item is not None:
            query["item"] = item
        return self._transport.send("GET", f"{job_path(job_id)}/log", query).text

    def cancel(self, job_id: str) -> Job:
        """Ask for the end of a job."""
        return cast(Job, self._object("POST", f"{job_path(job_id)}/cancel"))

    def retry(self, job_id: str) -> Job:
        """Run again what failed or is missing."""
        return cast(Job, self._object("POST", f"{job_path(job_id)}/retry"))

    def delete(self, job_id: str) -> None:
        """Delete a finished job and all its files."""
        self._transport.send("DELETE", job_path(job_id))

    def _patiently(self, job_id: str, etag: str, wait: float) -> tuple[Job | None, str]:
        patience = Patience()
        while True:
            try:
                return self.change(job_id, etag, wait)
            except ClientError as error:
                patience.failed(error)
