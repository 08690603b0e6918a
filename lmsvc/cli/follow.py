"""Waits for a job, shows its progress, and says how it ended."""

import click

from lmsvc.cli.exits import Exit
from lmsvc.cli.failure import failure_text
from lmsvc.cli.progress import display
from lmsvc.cli.text import duration_text, print_json, state_text
from lmsvc.client import Client, StillRunning


def finish(client: Client, job_id: str, timeout: float | None = None, as_json: bool = False) -> Exit:
    """Show progress until the job has ended; print how, and return the exit code."""
    try:
        with display() as show:
            for job in client.changes(job_id, timeout):
                show(job)
    except StillRunning:
        click.echo(f"job {job_id} is still {job['state']} after {timeout:g} s; it goes on", err=True)
        return Exit.TIMEOUT
    if as_json:
        print_json(job)
    else:
        click.echo(f"{job['name']}: {state_text(job['state'])} after {duration_text(job['submitted'], job['ended'])}")
        click.echo(failure_text(client, job), nl=False)
    return Exit.OK if job["state"] == "succeeded" else Exit.JOB_FAILED
