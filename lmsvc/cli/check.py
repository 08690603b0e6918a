"""``lmsvc check``: a small real job for every pool on every host."""

import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime

import click

from lmsvc.cli.exits import Exit
from lmsvc.cli.failure import reason
from lmsvc.cli.options import as_json, service
from lmsvc.cli.progress import counter
from lmsvc.cli.text import columns, print_json
from lmsvc.client import ApiError, Client
from lmsvc.client.models import TERMINAL, JobHead, Pool, Record

AT_ONCE = 8
MOST_JOBS = 1000
PAUSE_SECONDS = 0.2
END_SECONDS = 10.0
"""How long cancelled jobs may take to end before they are left to be deleted by hand."""


@dataclass(frozen=True)
class Outcome:
    """What became of the job of one pool on one host; ``host`` is None for a pool that is nowhere."""

    pool: str
    host: str | None
    job: str | None = None
    seconds: float | None = None
    ok: bool = False
    error: str | None = None


@click.command()
@click.option("--timeout", type=float, default=60.0, show_default=True, metavar="SECONDS", help="For all jobs.")
@service
@as_json
def check(timeout: float, client: Client, as_json: bool) -> int:
    """Run a small job in every pool on every host, and say how long each took.

    Exit code 1 says that a job failed or did not end in time, or that a pool has no host. The jobs are deleted
    afterwards. With --json: a list of pool, host, job, seconds, ok and error.
    """
    tag = f"check-{uuid.uuid4().hex[:12]}"
    try:
        outcomes = _run(client, tag, places(client.pools()), timeout)
    finally:
        _clean_up(client, tag)
    print_json([asdict(outcome) for outcome in outcomes]) if as_json else click.echo(outcomes_text(outcomes))
    return Exit.OK if all(outcome.ok for outcome in outcomes) else Exit.JOB_FAILED


def places(pools: Sequence[Pool]) -> list[Outcome]:
    """Return every configured pool with each of its hosts, and those pools that are nowhere.

    A batch system's pool is nowhere while it has no work.
    """
    found = []
    for pool in pools:
        if pool["cores"] is None:  # The catalog knows it, this service's configuration does not.
            continue
        found += [_place(pool, host) for host in pool["hosts"]]
        if not pool["hosts"] and pool["max"] and pool.get("backend") != "slurm":
            found.append(Outcome(pool["name"], None, error="no host of this pool has been heard from"))
    return found


def _place(pool: Pool, host: Record) -> Outcome:
    """Return where to run a job; a host that may have no slots, as while it is drained, has nothing to show."""
    outcome = Outcome(pool["name"], host["host"])
    return outcome if pool["max"] and host["serves"] else replace(outcome, ok=True)


def outcomes_text(outcomes: Sequence[Outcome]) -> str:
    """Return a table of outcomes."""
    return columns(["pool", "host", "seconds", "result"], [_row(outcome) for outcome in outcomes])


def _row(outcome: Outcome) -> list[str | None]:
    seconds = None if outcome.seconds is None else f"{outcome.seconds:.2f}"
    return [outcome.pool, outcome.host, seconds, outcome.error or ("ok" if seconds else "may have no slots now")]


def job_document(tag: str, pool: str, host: str) -> Record:
    """Return the job that shows that a pool works on a host."""
    return {
        "name": f"check of pool {pool} on {host}",
        "tags": ["check", tag],
        "pool": pool,
        "hosts": [host],
        "on_item_failure": "stop",
        "steps": {"say": {"run": "echo_text", "in": {"text": {"value": f"{pool} works on {host}\n"}}}},
        "outputs": ["say/text"],
    }


def _run(client: Client, tag: str, wanted: Sequence[Outcome], timeout: float) -> list[Outcome]:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        outcomes = list(threads.map(lambda outcome: _submit(client, tag, outcome), wanted))
    end = time.monotonic() + timeout
    with counter("checking", sum(outcome.job is not None for outcome in outcomes)) as show:
        while True:
            jobs = {job["id"]: job for job in _jobs(client, tag)}
            late = time.monotonic() >= end
            judged = [_judge(outcome, jobs.get(outcome.job or ""), timeout) for outcome in outcomes]
            ended = sum(job["state"] in TERMINAL for job in jobs.values())
            show(ended)
            if late or ended == len(jobs):
                return judged
            time.sleep(PAUSE_SECONDS)


def _submit(client: Client, tag: str, outcome: Outcome) -> Outcome:
    if outcome.host is None or outcome.ok:
        return outcome
    try:
        return replace(outcome, job=client.submit(job_document(tag, outcome.pool, outcome.host))["id"])
    except ApiError as error:
        if error.status == 401:
            raise
        details = [fault.detail for fault in error.faults] or [str(error)]
        return replace(outcome, error=f"not accepted: {'; '.join(details)}")


def _judge(outcome: Outcome, job: JobHead | None, timeout: float) -> Outcome:
    if job is None:
        return outcome if outcome.job is None else replace(outcome, error="its job is gone")
    if job["state"] not in TERMINAL:
        why = f": {job['waiting']}" if job["waiting"] else ""
        return replace(outcome, error=f"{job['state']} after {timeout:g} s{why}")
    if job["state"] != "succeeded":
        return replace(outcome, error=f"{job['state']}: {reason(job)}")
    return replace(outcome, ok=True, seconds=_seconds(job))


def _seconds(job: JobHead) -> float | None:
    if job["ended"] is None:
        return None
    took = datetime.fromisoformat(job["ended"]) - datetime.fromisoformat(job["submitted"])
    return round(took.total_seconds(), 3)


def _quietly(action: Callable[[str], object], job_id: str) -> None:
    """Do something with a job that may have ended or gone meanwhile."""
    with suppress(ApiError):
        action(job_id)


def _jobs(client: Client, tag: str) -> list[JobHead]:
    return client.jobs(tag=tag, limit=MOST_JOBS)["jobs"]


def _clean_up(client: Client, tag: str) -> None:
    """End the check's jobs and delete them; say which ones are left."""
    end = time.monotonic() + END_SECONDS
    for job in _jobs(client, tag):
        if job["state"] not in TERMINAL:
            _quietly(client.cancel, job["id"])
    while jobs := _jobs(client, tag):
        for job in jobs:
            if job["state"] in TERMINAL:
                _quietly(client.delete, job["id"])
        if time.monotonic() > end:
            click.echo(f"not ended yet, so not deleted: {', '.join(job['id'] for job in _jobs(client, tag))}", err=True)
            return
        time.sleep(PAUSE_SECONDS)
