"""What pages say in words: how a program ended, how long a job will still take, how to say its request again."""

import json
import pprint
import shlex
import signal
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from lmsvc.jobs.tools import ToolRegistry
from lmsvc.store.records import ItemRecord, StepProgress
from lmsvc.web.board import Snapshot

_CODES: Mapping[int, str] = {
    1: "the program reported an error",
    2: "the program was called with wrong arguments",
    126: "the program may not be started",
    127: "the program was not found",
}
_SIGNALS: Mapping[int, str] = {
    signal.SIGKILL: "ended by force, most likely for want of memory",
    signal.SIGTERM: "asked to end",
    signal.SIGSEGV: "a fault in the program: it touched memory that is not its own",
    signal.SIGABRT: "a fault in the program: it gave up",
    signal.SIGILL: "a fault in the program: this processor does not know one of its instructions",
    signal.SIGFPE: "a fault in its arithmetic",
    signal.SIGXCPU: "it took more time than it may",
}


_TYPES: Mapping[str, tuple[str, str]] = {
    "File": ("file", "files"),
    "string": ("text", "texts"),
    "int": ("whole number", "whole numbers"),
    "float": ("number", "numbers"),
    "boolean": ("yes or no", "yes or no, several"),
}


_CATEGORIES: Mapping[str, str] = {
    "mcpa": "Environment or history (MCPA)",
    "occurrences": "Occurrence records",
    "plots": "Pictures",
    "sdm": "Species distribution models",
    "stats": "Statistics",
}


def category_words(category: str) -> str:
    """Return what a category of tools is about, as a heading."""
    return _CATEGORIES.get(category, category.replace("_", " ").capitalize())


def type_words(type_: str) -> str:
    """Return a type of a tool's input or output as a reader of no code says it: `File[]?` is `files`."""
    base = type_.removesuffix("?").removesuffix("[]")
    one, several = _TYPES.get(base, (base, f"{base}, several"))
    return several if "[]" in type_ else one


def ending(item: ItemRecord) -> str | None:
    """Return how an item's program ended, in words with the number behind; None where it did not end badly."""
    number = item.signal
    if number is None and item.exit_code is not None and 128 < item.exit_code <= 128 + 64:
        number = item.exit_code - 128
    if number == signal.SIGKILL and "longer than" in (item.reason or ""):
        return f"ended by force: it took more time than it may ({_signal_name(number)})"
    if number is not None:
        return f"{_SIGNALS.get(number, 'ended by a signal')} ({_signal_name(number)})"
    if not item.exit_code:
        return None
    return f"{_CODES.get(item.exit_code, 'the program reported an error')} (exit code {item.exit_code})"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def shell_words(command: Sequence[str]) -> str:
    """Return a command as it can be pasted into a shell."""
    return shlex.join(command)


def seconds_left(
    steps: Sequence[StepProgress], timed: Mapping[str, float], tools: ToolRegistry, snapshot: Snapshot
) -> float | None:
    """Return the predicted seconds until all known items are done, the pools being this job's alone; None for none."""
    work: defaultdict[str, float] = defaultdict(float)
    for step in steps:
        tool = tools.get(step.tool)
        guess = timed.get(step.tool, tool.resources.seconds_per_item if tool else 1.0)
        work[step.pool or ""] += (step.waiting + step.running) * guess
    left = [seconds / max(1, snapshot.slots(pool)[1]) for pool, seconds in work.items() if seconds]
    return max(left, default=None)


def copies(job_id: str, host: str, with_token: bool, document: Mapping[str, Any]) -> dict[str, str]:
    """Return how to submit the same again from elsewhere: with curl, on the command line, in Python, and as it is.

    Args:
        job_id: of the job whose document is sent again.
        host: address of the service, without a slash at its end.
        with_token: whether the service asks for a token.
        document: of the job.
    """
    token = ' \\\n  -H "Authorization: Bearer $LMSVC_TOKEN"' if with_token else ""
    fetch = f"curl -sS {host}/api/v1/jobs/{job_id}/document -o job.json{token}"
    send = f"curl -sS {host}/api/v1/jobs -H 'Content-Type: application/json' -d @job.json{token}"
    client = f'Client("{host}", token=os.environ["LMSVC_TOKEN"])' if with_token else f'Client("{host}")'
    names = "import os\n\n" if with_token else ""
    return {
        "curl": f"{fetch}\n{send}",
        "Command line": f"{fetch}\nlmsvc submit job.json --wait --url {host}",
        "JSON": json.dumps(document, indent=2, ensure_ascii=False),
        "Python": f"{names}from lmsvc.client import Client\n\ndocument = {_literal(document)}\n"
        f'with {client} as client:\n    job = client.submit(document)\n    print(job["id"])',
    }


def _literal(document: Mapping[str, Any]) -> str:
    return pprint.pformat(dict(document), width=100, sort_dicts=False, compact=True)
