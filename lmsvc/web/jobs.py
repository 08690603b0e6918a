"""Jobs: list, status, cancel, retry, delete."""

import time
from collections.abc import Iterator
from typing import Annotated

from flask import Response, request
from pydantic import Field

from lmsvc.jobs.states import JobState, is_terminal
from lmsvc.store.errors import TooManyJobs
from lmsvc.store.records import JobFilter
from lmsvc.store.retention import is_removed
from lmsvc.web.access import identity
from lmsvc.web.answers import json_answer, matches, tagged
from lmsvc.web.bodies import JobsPage, JobStatus
from lmsvc.web.operations import Answer, Operation, Query
from lmsvc.web.problems import Problem, not_found
from lmsvc.web.quotas import quota_of, too_many_jobs
from lmsvc.web.services import Services, services
from lmsvc.web.status import head_body, head_or_404, job_status, rendered

MAX_WAIT_SECONDS = 60.0
LOOK_FIRST_SECONDS = 0.05
LOOK_LATER_SECONDS = 0.25
QUICK_LOOKS = 100
REST = 8  # So many times as long as a look took, at least, is rested before the next.
LONGEST_REST_SECONDS = 2.0
REMOVED = "The job's results have expired and were removed; what it was asked is kept: submit that again."

Text = Annotated[str | None, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
PageCursor = Annotated[str | None, Field(min_length=1, max_length=500, pattern=r"^[!-~]+$")]
PageLimit = Annotated[int, Field(ge=1, le=1000)]


class JobsQuery(Query):
    """Which jobs to list."""

    state: JobState | None = None
    user: Text = None
    tag: Text = None
    q: Annotated[
        Text, Field(description="part of the name, of the user's name or of a tag, or the beginning of the id")
    ] = None
    cursor: PageCursor = None
    limit: PageLimit = 50


class StatusQuery(Query):
    """How long to wait for news."""

    wait: Annotated[
        float | None,
        Field(
            ge=0,
            le=MAX_WAIT_SECONDS,
            allow_inf_nan=False,
            description="seconds to wait: with If-None-Match for another status, without for the end of the job",
        ),
    ] = None


def list_jobs(query: JobsQuery) -> Response:
    """List jobs, newest first: your own, or as an administrator everybody's."""
    wanted = JobFilter(user=identity().only or query.user, state=query.state, tag=query.tag, text=query.q)
    page = services().store.jobs(wanted, query.cursor, query.limit)
    jobs = [head_body(head, None if is_terminal(head.state) else head.waiting_reason) for head in page.rows]
    return json_answer(JobsPage(jobs=jobs, next=page.next_cursor))


def get_job(job_id: str, query: StatusQuery) -> Response:
    """Tell the status of a job.

    It has an ETag: with If-None-Match the answer is 304 while nothing changed.
    """
    text, tag, state = _wait(job_id, query.wait) if query.wait else _look(services(), job_id)
    headers = {"Cache-Control": "private, no-cache"}
    if not is_terminal(state):
        headers["Retry-After"] = "1"
    return tagged(text, tag, headers)


def cancel_job(job_id: str) -> Response:
    """Cancel a job: a queued one at once, a running one within seconds."""
    head = services().store.request_cancel(job_id, time.time())
    if head is None:
        raise not_found(f"There is no job {job_id}.")
    if is_terminal(head.state) and head.state is not JobState.CANCELLED:
        raise Problem(409, "wrong-state", f"The job is over already: {head.state}.")
    services().wake_controller()
    return json_answer(job_status(services(), head), 202)


def retry_job(job_id: str) -> Response:
    """Run again what failed or is missing of a job that is over."""
    head = head_or_404(job_id)
    most = quota_of(identity()).jobs or 0
    try:
        queued = services().store.retry(job_id, time.time(), most)
    except TooManyJobs as error:
        raise too_many_jobs(most) from error
    if not queued:
        detail = REMOVED if is_removed(head) else f"The job is {head.state}: there is nothing in it to be run again."
        raise Problem(409, "wrong-state", detail)
    services().wake_controller()
    return json_answer(job_status(services(), head_or_404(job_id)), 202)


def delete_job(job_id: str) -> Response:
    """Delete a job that is over, with everything it made."""
    head = head_or_404(job_id)
    if not services().store.delete(job_id):
        raise Problem(409, "wrong-state", f"The job is {head.state}; cancel it first.")
    services().wake_controller()
    return Response(status=204)


def _look(found: Services, job_id: str) -> tuple[str, str, JobState]:
    head = found.store.head(job_id)
    if head is None:
        raise not_found(f"There is no job {job_id}.")
    return *rendered(found, head), head.state


def _wait(job_id: str, seconds: float) -> tuple[str, str, JobState]:
    """Look until there is news or the time is over; at once where too many wait already."""
    found = services()
    with found.waiting_place() as granted:
        for _ in pauses(seconds if granted else 0.0):
            text, tag, state = _look(found, job_id)
            if is_terminal(state) or _is_news(tag):
                break
    return text, tag, state


def _is_news(tag: str) -> bool:
    return bool(request.if_none_match) and not matches(tag)


def pauses(seconds: float) -> Iterator[None]:
    """Come back at once, then at growing intervals, and a last time when the seconds are over.

    On a busy service, where a look takes long, they are longer: many who wait leave time for those who ask.
    """
    end = time.monotonic() + seconds
    looks, began = 0, time.monotonic()
    yield
    while (left := end - (now := time.monotonic())) > 0:
        least = LOOK_FIRST_SECONDS if looks < QUICK_LOOKS else LOOK_LATER_SECONDS
        time.sleep(min(left, max(least, min(REST * (now - began), LONGEST_REST_SECONDS))))
        looks, began = looks + 1, time.monotonic()
        yield


_JOBS = "/api/v1/jobs"
_JOB = f"{_JOBS}/{{job_id}}"
_STATUS = Answer("The status.", JobStatus, headers={"ETag": "of this status", "Retry-After": "while it is not over"})

OPERATIONS = (
    Operation("GET", _JOBS, list_jobs, "jobs", {200: Answer("A page of jobs.", JobsPage)}, (400,), JobsQuery),
    Operation(
        "GET",
        _JOB,
        get_job,
        "jobs",
        {200: _STATUS, 304: Answer("Nothing has changed.", media_type=None)},
        (400, 404),
        StatusQuery,
        {"If-None-Match": "the ETag of the status at hand"},
    ),
    Operation("POST", f"{_JOB}/cancel", cancel_job, "jobs", {202: Answer("It ends.", JobStatus)}, (404, 409)),
    Operation("POST", f"{_JOB}/retry", retry_job, "jobs", {202: Answer("It queues again.", JobStatus)}, (404, 409)),
    Operation("DELETE", _JOB, delete_job, "jobs", {204: Answer("Gone.", media_type=None)}, (404, 409)),
)
