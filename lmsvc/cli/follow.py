"""Waits for a job, shows its progress, and says how it ended."""

import math
import time
from collections.abc import Iterator

import click

from lmsvc.cli.exits import Exit
from lmsvc.cli.failure import failure_text
from lmsvc.cli.progress import display
from lmsvc.cli.text import duration_text, print_json, state_text
from lmsvc.client import ApiError, Client, ServiceUnreachable
from lmsvc.client.models import TERMINAL, Job

PATIENCE_SECONDS = 60.0
"""How long the service may be away, for a restart, before waiting is given up."""
LONGEST_QUESTION_SECONDS = 20.0
PAUSE_SECONDS = 0.1
"""Least time between two questions: a busy job changes more often than an eye can follow."""


class TimeIsUp(Exception):
    """The job had not ended in time."""


def finish(client: Client, job_id: str, timeout: float | None = None, as_json: bool = False) -> Exit:
    """Show progress until the job has ended; print how, and return the exit code."""
    try:
        with display() as show:
            for job in until_end(client, job_id, timeout):
                show(job)
    except TimeIsUp:
        click.echo(f"job {job_id} is still {job['state']} after {timeout:g} s; it goes on", err=True)
        return Exit.TIMEOUT
    if as_json:
        print_json(job)
    else:
        click.echo(f"{job['name']}: {state_text(job['state'])} after {duration_text(job['submitted'], job['ended'])}")
        click.echo(failure_text(client, job), nl=False)
    return Exit.OK if job["state"] == "succeeded" else Exit.JOB_FAILED


def until_end(client: Client, job_id: str, timeout: float | None = None) -> Iterator[Job]:
    """Yield the job's state now and at each change, up to its end; a restart of the service is waited out.

    Raises:
        TimeIsUp: It has not ended after ``timeout`` seconds.
        ServiceUnreachable: The service was away too long.
    """
    end = math.inf if timeout is None else time.monotonic() + timeout
    etag, wait = "", 0.0
    while True:
        job, etag = _ask(client, job_id, etag, wait)
        if job is not None:
            yield job
            if job["state"] in TERMINAL:
                return
        if time.monotonic() >= end:
            raise TimeIsUp
        time.sleep(PAUSE_SECONDS)
        wait = max(0.0, min(LONGEST_QUESTION_SECONDS, end - time.monotonic()))


def _ask(client: Client, job_id: str, etag: str, wait: float) -> tuple[Job | None, str]:
    give_up = time.monotonic() + wait + PATIENCE_SECONDS
    while True:
        try:
            return client.change(job_id, etag, wait)
        except (ServiceUnreachable, ApiError) as error:
            if _is_final(error) or time.monotonic() > give_up:
                raise
            time.sleep(0.5)


def _is_final(error: ServiceUnreachable | ApiError) -> bool:
    return isinstance(error, ApiError) and error.status not in (429, 502, 503, 504)
