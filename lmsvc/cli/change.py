"""``lmsvc cancel``, ``lmsvc retry``, ``lmsvc delete``."""

import click

from lmsvc.cli.follow import finish
from lmsvc.cli.options import service
from lmsvc.cli.text import state_text
from lmsvc.client import Client


@click.command()
@click.argument("job_id")
@service
def cancel(job_id: str, client: Client) -> None:
    """Cancel job JOB_ID; its slots go to other jobs."""
    job = client.cancel(job_id)
    click.echo(f"{job['id']}: {state_text(job['state'])}" + ("" if job["ended"] else ", will be cancelled"))


@click.command()
@click.argument("job_id")
@click.option("--wait", is_flag=True, help="Show progress until the job has ended.")
@service
def retry(job_id: str, wait: bool, client: Client) -> int:
    """Run again what failed or is missing in job JOB_ID; what succeeded is kept."""
    job = client.retry(job_id)
    if not wait:
        click.echo(f"{job['id']}: {state_text(job['state'])}, attempt {job['attempt']}")
        return 0
    return finish(client, job_id)


@click.command()
@click.argument("job_ids", nargs=-1, required=True, metavar="JOB_ID...")
@service
def delete(job_ids: tuple[str, ...], client: Client) -> None:
    """Delete finished jobs with their outputs and packages. There is no way back."""
    for job_id in job_ids:
        client.delete(job_id)
        click.echo(f"{job_id}: deleted")
