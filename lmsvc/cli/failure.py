"""Why a job failed, in the terminal: which step and item, with what command, and its last words."""

import shlex
from itertools import islice

import click

from lmsvc.client import Client
from lmsvc.client.models import Item, Job, JobHead

MOST_SHOWN = 3
MOST_COUNTED = 1000


def failure_text(client: Client, job: Job) -> str:
    """Return what is known about a job's failed items; empty where nothing failed."""
    lines = [] if job["error"] is None else [click.style(reason(job), fg="red")]
    if job["progress"]["failed"]:
        failed = list(islice(client.items(job["id"], state="failed"), MOST_COUNTED))
        lines += [item_text(item) for item in failed[:MOST_SHOWN]]
        lines += _rest(job, len(failed))
    return "".join(f"{line}\n" for line in lines)


def reason(job: JobHead) -> str:
    """Return why a job failed, in one line."""
    error = job["error"] or {}
    return str(error.get("detail") or error.get("reason") or error.get("title") or "it failed")


def item_text(item: Item) -> str:
    """Return one item's failure with its command and the end of its standard error."""
    title = f"{item['step']}[{item['index']}]" + (f" {item['label']}" if item["label"] else "")
    end = f"signal {item['signal']}" if item["signal"] else f"exit code {item['exit_code']}"
    lines = [f"{title}: {item['reason']} ({end}, host {item['host']})"]
    if item["command"]:
        lines.append(f"  $ {shlex.join(item['command'])}")
    lines += [f"  | {line}" for line in (item["stderr_tail"] or "").splitlines()]
    return "\n".join(lines)


def _rest(job: Job, failed: int) -> list[str]:
    kinds = ((failed - MOST_SHOWN, "more failed"), (job["progress"]["failed"] - failed, "were not run because of it"))
    counts = [f"{count} {kind}" for count, kind in kinds if count > 0]
    hint = f"`lmsvc logs {job['id']} STEP --item N` shows all an item wrote, `lmsvc retry {job['id']}` runs it again"
    return [*counts, hint]
