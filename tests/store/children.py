"""What the tests let other processes do with a store: `python -m tests.store.children COMMAND URL ARGUMENT...`.

A child says "ready", waits for a line, does its work, and answers in JSON, so that several start at one moment.
"""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from lmsvc.jobs.states import ItemState, JobState
from lmsvc.store import Store, open_store
from lmsvc.store.errors import StoreFull
from lmsvc.store.records import ItemRecord, NewJob
from tests.store.make import DOCUMENT, submit

_BALLAST_BYTES = 1_000_000


def migrate(store: Store) -> object:
    """Apply the changes of the schema; answer how many."""
    return store.migrate()


def claim(store: Store, owner: str) -> object:
    """Claim until there is nothing left; answer the ids."""
    claimed = []
    while (job := store.claim(owner, 10.0, 30.0, 10**6)) is not None:
        claimed.append(job.id)
    return claimed


def submit_keys(store: Store, keys: str) -> object:
    """Submit a job for each key; answer the ids."""
    return [submit(store, key=f"key {n}") for n in range(int(keys))]


def finish(store: Store, to: str, *job_ids: str) -> object:
    """End running jobs; answer the ids of those where this process was the one that did."""
    end = JobState(to)
    return [job_id for job_id in job_ids if store.transition(job_id, end, 20.0, expected=JobState.RUNNING)]


def submit_forever(store: Store, acknowledged: str, first: str) -> object:
    """Submit jobs with keys from a number on, noting each key and job in a file once the store has answered."""
    notes = os.open(acknowledged, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    number = int(first)
    while True:
        job_id = submit(store, name=f"job {number}", key=f"key {number}")
        os.write(notes, f"{number} {job_id}\n".encode())
        number += 1


def record_items(store: Store, job_id: str, many: str) -> object:
    """Store many failed items at once; answer how many."""
    store.record_items(job_id, [ItemRecord("model", n, ItemState.FAILED, reason="why " * 20) for n in range(int(many))])
    return int(many)


def fill_disk(store: Store, ballast: str) -> object:
    """Submit until the disk is full, then make room; answer what the store holds and whether it goes on."""
    Path(ballast).write_bytes(b"x" * _BALLAST_BYTES)
    store.migrate()
    acknowledged = fill(store)
    kept = store.counts()[JobState.QUEUED]
    Path(ballast).unlink()
    submit(store)
    return {"acknowledged": acknowledged, "kept": kept, "after": store.counts()[JobState.QUEUED]}


def fill(store: Store) -> int:
    """Submit large jobs until the store is full; return how many it took."""
    taken = 0
    try:
        while taken < 10_000:
            store.submit(NewJob("ada", "x", DOCUMENT | {"description": secrets.token_hex(10_000)}), None, 1.0)
            taken += 1
    except StoreFull:
        return taken
    raise AssertionError("the disk never filled")


COMMANDS: dict[str, Callable[..., object]] = {
    "migrate": migrate,
    "claim": claim,
    "submit_keys": submit_keys,
    "finish": finish,
    "submit_forever": submit_forever,
    "record_items": record_items,
    "fill_disk": fill_disk,
}


def start(command: str, url: str, *arguments: str, before: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """Start a child and wait until it is ready; `before` are words in front of its command."""
    words = [*before, sys.executable, "-m", "tests.store.children", command, url, *arguments]
    child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def release(child: subprocess.Popen[str]) -> None:
    """Let a child begin its work."""
    assert child.stdin is not None
    child.stdin.write("go\n")
    child.stdin.close()
    child.stdin = None


def answer(child: subprocess.Popen[str]) -> object:
    """Return the answer of a child that was released."""
    with child:
        output, _ = child.communicate(timeout=120)
    assert child.returncode == 0
    return json.loads(output)


def race(url: str, *commands: tuple[str, ...]) -> list[object]:
    """Run children at once, one per command; return their answers."""
    children = [start(command, url, *arguments) for command, *arguments in commands]
    for child in children:
        release(child)
    return [answer(child) for child in children]


def main() -> None:
    """Do what the command line says."""
    command, url, *arguments = sys.argv[1:]
    store = open_store(url)
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(COMMANDS[command](store, *arguments)))


if __name__ == "__main__":
    main()
