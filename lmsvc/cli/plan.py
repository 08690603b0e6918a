"""``lmsvc plan``."""

from pathlib import Path

import click

from lmsvc.cli.documents import DOCUMENT, read_document
from lmsvc.cli.options import as_json, service
from lmsvc.cli.text import columns, print_json
from lmsvc.cli.upload import upload_files
from lmsvc.client import Client
from lmsvc.client.models import Plan


@click.command()
@click.argument("document", type=DOCUMENT)
@service
@as_json
def plan(document: Path, client: Client, as_json: bool) -> None:
    """Show the stages the service would run DOCUMENT (- is stdin) in, without submitting it.

    Local files named in the document are uploaded, since lengths of arrays may depend on them.
    """
    data, folder = read_document(document)
    answer = client.plan(upload_files(client, data, folder))
    print_json(answer) if as_json else click.echo(plan_text(answer))


def plan_text(answer: Plan) -> str:
    """Return a plan as a table of its steps, stage by stage."""
    keys = ("stage", "step", "tool", "category", "pool", "items", "tasks", "seconds")
    order = {stage["id"]: number for number, stage in enumerate(answer["stages"])}
    steps = sorted(answer["steps"], key=lambda step: order[step["stage"]])
    total = "" if answer["tasks"] is None else f", {answer['tasks']} tasks, about {answer['seconds']:.0f} s of work"
    table = columns(keys, [[dict(step)[key] for key in keys] for step in steps])
    return f"{len(answer['stages'])} stages, {len(steps)} steps{total}\n\n{table}"
