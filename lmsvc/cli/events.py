"""``lmsvc events``."""

import json

import click

from lmsvc.cli.options import as_json, service
from lmsvc.cli.text import moment_text, print_line
from lmsvc.client import Client, Event

UNKEPT = ("status", "end")


@click.command()
@click.argument("job_id")
@click.option("--after", type=click.IntRange(min=0), default=0, help="Only what came after the event with this id.")
@service
@as_json
def events(job_id: str, after: int, client: Client, as_json: bool) -> None:
    """Show what happened to job JOB_ID and what happens, up to its end.

    With --json: one object per line, with kind, id and data; `status` carries the whole state of the job.
    """
    for event in client.follow(job_id, after):
        if as_json:
            print_line({"kind": event.kind, "id": event.id, "data": event.data})
        elif event.kind not in UNKEPT:
            click.echo(event_text(event))


def event_text(event: Event) -> str:
    """Return an event in one line: when, what, and its facts."""
    facts = {name: value for name, value in event.data.items() if name != "time" and value is not None}
    said = " ".join(f"{name}={_shown(value)}" for name, value in facts.items())
    return f"{moment_text(event.data.get('time'))}  {event.kind}  {said}".rstrip()


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
