"""``lmsvc cancel``, ``lmsvc retry``, ``lmsvc delete``."""

import click

from lmsvc.cli.exits import Exit
from lmsvc.cli.follow import finish
from lmsvc.cli.options import as_json, service
from lmsvc.cli.text import print_json, print_line, state_text
from lmsvc.client import Client


@click.command()
@click.argument("job_id")
@service
@as_json
def cancel(job_id: str, client: Client, as_json: bool) -> None:
    """Cancel job JOB_ID; its slots go to other jobs."""
    job = client.cancel(job_id)
    text = f"{job['id']}: {state_text(job['state'])}" + ("" if job["ended"] else ", will be cancelled")
    print_json(job) if as_json else click.echo(text)


@click.command()
@click.argument("job_id")
@click.option("--wait", is_flag=True, help="Show progress until the job has ended.")
@click.option("--timeout", type=float, metavar="SECONDS", help="With --wait: stop waiting after this time, exit 7.")
@service
@as_json
def retry(job_id: str, wait: bool, timeout: float | None, client: Client, as_json: bool) -> int:
    """Run again what failed or is missing in job JOB_ID; what succeeded is kept."""
    job = client.retry(job_id)
    if wait:
        return finish(client, job_id, timeout, as_json)
    text = f"{job['id']}: {state_text(job['state'])}, attempt {job['attempt']}"
    print_json(job) if as_json else click.echo(text)
    return Exit.OK


@click.command()
@click.argument("job_ids", nargs=-1, required=True, metavar="JOB_ID...")
@service
@as_json
def delete(job_ids: tuple[str, ...], client: Client, as_json: bool) -> None:
    """Delete finished jobs with their outputs and packages. There is no way back."""
    for job_id in job_ids:
        client.delete(job_id)
        print_line({"deleted": job_id}) if as_json else click.echo(f"{job_id}: deleted")
