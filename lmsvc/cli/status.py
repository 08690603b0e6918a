"""``lmsvc status``."""

import click

from lmsvc.cli.exits import Exit
from lmsvc.cli.failure import failure_text
from lmsvc.cli.follow import finish
from lmsvc.cli.options import as_json, service
from lmsvc.cli.text import columns, duration_text, moment_text, print_json, state_text
from lmsvc.client import Client
from lmsvc.client.models import Job, JobHead, JobPage

STATES = click.Choice(["queued", "running", "succeeded", "failed", "cancelled"])


@click.command()
@click.argument("job_id", required=False)
@click.option("--wait", is_flag=True, help="Show progress until the job has ended.")
@click.option("--timeout", type=float, metavar="SECONDS", help="With --wait: stop waiting after this time, exit 7.")
@click.option("--state", type=STATES, help="In the list: only jobs in this state.")
@click.option("--search", "q", metavar="TEXT", help="In the list: only jobs whose name holds this text.")
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True, help="Length of the list.")
@service
@as_json
def status(
    job_id: str | None, wait: bool, timeout: float | None, client: Client, as_json: bool, **filters: str | int | None
) -> int:
    """Show job JOB_ID, or the newest jobs.

    With --wait the exit code says how the job ended: 0 succeeded, 1 failed or cancelled.
    """
    if job_id is None:
        return _list(client, filters, as_json)
    if wait:
        return finish(client, job_id, timeout, as_json)
    job = client.job(job_id)
    print_json(job) if as_json else click.echo(f"{job_text(job)}\n{failure_text(client, job)}", nl=False)
    return Exit.OK


def _list(client: Client, filters: dict[str, str | int | None], as_json: bool) -> Exit:
    page = client.jobs(**{name: value for name, value in filters.items() if value is not None})
    print_json(page) if as_json else click.echo(_page_text(page))
    return Exit.OK


def _page_text(page: JobPage) -> str:
    if not page["jobs"]:
        return "no jobs"
    return columns(["id", "state", "submitted", "time", "name"], [_row(job) for job in page["jobs"]])


def _row(job: JobHead) -> list[str]:
    took = duration_text(job["submitted"], job["ended"])
    return [job["id"], job["state"], moment_text(job["submitted"]), took, job["name"]]


def job_text(job: Job) -> str:
    """Return the state of a job, with a table of its steps."""
    facts = [f"{job['name']} ({job['id']}, attempt {job['attempt']}): {state_text(job['state'])}"]
    if job["waiting"]:
        facts.append(f"waits: {job['waiting']}")
    facts.append(f"submitted {moment_text(job['submitted'])}, {duration_text(job['submitted'], job['ended'])}")
    kinds = ("waiting", "running", "done", "failed", "skipped", "total")
    rows = [[step["step"], step["tool"], step["pool"], *(dict(step)[kind] for kind in kinds)] for step in job["steps"]]
    return "\n".join([*facts, columns(["step", "tool", "pool", *kinds], rows)])
