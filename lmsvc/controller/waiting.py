"""Why a running job waits: no slot of its pool is alive, or all are busy."""

from collections.abc import Mapping, Set
from dataclasses import dataclass

Capacity = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Needs:
    """What a job could use.

    Attributes:
        pools: those it has tasks for.
        hosts: those it may use; None is all.
        runs: whether a task of it runs now.
    """

    pools: Set[str]
    hosts: Set[str] | None
    runs: bool


class Waiting:
    """Finds the reason, and knows which was told last."""

    def __init__(self, patience_seconds: float) -> None:
        """Say nothing before a job has waited this long."""
        self._patience = patience_seconds
        self._since: dict[str, float] = {}
        self._told: dict[str, str | None] = {}

    def reason(self, job_id: str, needs: Needs, capacity: Capacity, now: float) -> str | None:
        """Return why a job waits, or None.

        Args:
            job_id: the job.
            needs: what it could use.
            capacity: live slots by pool and host.
            now: monotonic seconds.
        """
        if needs.runs or not needs.pools:
            self._since.pop(job_id, None)
            return None
        if now - self._since.setdefault(job_id, now) < self._patience:
            return None
        return "; ".join(_about(pool, capacity.get(pool, {}), needs.hosts) for pool in sorted(needs.pools))

    def is_news(self, job_id: str, reason: str | None) -> bool:
        """Return whether this was not told of the job last."""
        if self._told.get(job_id) == reason:
            return False
        self._told[job_id] = reason
        return True


def _about(pool: str, slots: Mapping[str, int], hosts: Set[str] | None) -> str:
    where = "" if hosts is None else f" on {' or '.join(sorted(hosts))}"
    usable = sum(number for host, number in slots.items() if hosts is None or host in hosts)
    if not usable:
        return f"no worker of pool {pool} is there{where}: the job goes on when one comes"
    return f"all {usable} slots of pool {pool}{where} are busy"
