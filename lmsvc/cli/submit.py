"""``lmsvc submit``."""

from pathlib import Path

import click

from lmsvc.cli.documents import DOCUMENT, read_document
from lmsvc.cli.follow import finish
from lmsvc.cli.options import as_json, service
from lmsvc.cli.text import print_json
from lmsvc.cli.upload import upload_files
from lmsvc.client import Client


@click.command()
@click.argument("document", type=DOCUMENT)
@click.option("--wait", is_flag=True, help="Show progress until the job has ended.")
@click.option("--timeout", type=float, metavar="SECONDS", help="With --wait: stop waiting after this time, exit 7.")
@service
@as_json
def submit(document: Path, wait: bool, timeout: float | None, client: Client, as_json: bool) -> int:
    """Submit DOCUMENT (- is stdin) and print the job's id.

    Inputs written as {"file": "points.csv"} name local files, relative to the document. They are uploaded; content the
    service has already is not stored twice.
    """
    data, folder = read_document(document)
    job = client.submit(upload_files(client, data, folder))
    if not wait:
        print_json(job) if as_json else click.echo(job["id"])
        return 0
    click.echo(f"job {job['id']}", err=True)
    return finish(client, job["id"], timeout, as_json)
