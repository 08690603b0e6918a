"""Where jobs run: on which hosts now, as the slots tell it, and where their finished tasks ran."""

from collections import Counter
from collections.abc import Collection, Mapping

from lmsvc.web.running import running_tasks
from lmsvc.web.services import services

NAMED = 3


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
