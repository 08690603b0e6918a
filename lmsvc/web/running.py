"""What the slots run now, as their agents tell it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lmsvc.jobs.states import is_terminal
from lmsvc.store.records import JobHead
from lmsvc.web.board import Snapshot
from lmsvc.web.services import services

_TASK = re.compile(r"(?P<project>lm-[a-z0-9]+-(?P<job>[a-z2-7]{10})-[^/]*)/(?P<task>(?P<step>[^./]+)\.[^/]*)")


@dataclass(frozen=True)
class RunningTask:
    """A task that a slot runs now.

    Attributes:
        job: its job.
        step: its step.
        task: its id.
        host: the host.
        slot: the slot.
        project: of its manager.
        watch: address and port where its agent tells what it prints; None where that is not known.
    """

    job: str
    step: str
    task: str
    host: str
    slot: str
    project: str
    watch: tuple[str, int] | None = None


def running_tasks(snapshot: Snapshot) -> Iterator[RunningTask]:
    """Yield what every slot runs now."""
    for host in (host for hosts in snapshot.hosts.values() for host in hosts):
        for slot in host.slots:
            found = _TASK.fullmatch(slot.task or "")
            if found:
                own = found["job"], found["step"], found["task"]
                yield RunningTask(*own, host.host, slot.slot, found["project"], host.watch)


def running_of(head: JobHead, step: str | None = None) -> list[RunningTask]:
    """Return what runs now of a job, or of one of its steps, by task; nothing of a job that has ended."""
    if is_terminal(head.state):
        return []
    tasks = running_tasks(services().board.snapshot())
    return sorted((each for each in tasks if each.job == head.id and step in (None, each.step)), key=lambda it: it.task)
