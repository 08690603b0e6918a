"""Where jobs run: on which hosts now, as the slots tell it, and where their finished tasks ran."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from lmsvc.web.board import Snapshot
from lmsvc.web.services import services

NAMED = 3
_TASK = re.compile(r"lm-[a-z0-9]+-(?P<job>[a-z2-7]{10})-[^/]*/(?P<task>(?P<step>[^.]+)\..*)")


@dataclass(frozen=True)
class RunningTask:
    """A task that a slot runs now."""

    job: str
    step: str
    task: str
    host: str
    slot: str


def running_tasks(snapshot: Snapshot) -> Iterator[RunningTask]:
    """Yield what every slot runs now."""
    for host in (host for hosts in snapshot.hosts.values() for host in hosts):
        for slot in host.slots:
            found = _TASK.fullmatch(slot.task or "")
            if found:
                yield RunningTask(found["job"], found["step"], found["task"], host.host, slot.slot)


def running_of(job_id: str, step: str | None = None) -> list[RunningTask]:
    """Return what runs now of a job, or of one of its steps, by task."""
    tasks = running_tasks(services().board.snapshot())
    return sorted((each for each in tasks if each.job == job_id and step in (None, each.step)), key=lambda it: it.task)


def hosts_now() -> Mapping[str, Counter[str]]:
    """Return by job on which hosts how many of its tasks run now."""
    found: dict[str, Counter[str]] = {}
    for each in running_tasks(services().board.snapshot()):
        found.setdefault(each.job, Counter())[each.host] += 1
    return found


def hosts_then(job_ids: Collection[str]) -> Mapping[str, Counter[str]]:
    """Return by job on which hosts how many of its tasks have run."""
    return {job: Counter(hosts) for job, hosts in services().store.hosts_of(job_ids).items()}


def named(hosts: Counter[str]) -> str:
    """Return hosts in words, those with most tasks first: `node1, node2 and 5 more`; nothing where there is none."""
    names = [host for host, _ in hosts.most_common()]
    more = len(names) - NAMED
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:NAMED])} and {more} more"
