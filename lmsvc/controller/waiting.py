"""Why a running job waits: its pool has no slots here and why, or all are busy."""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass

from lmsvc.controller.situation import Situation

SlotsByHost = Mapping[str, int]


@dataclass(frozen=True)
class Needs:
    """What a job could use.

    Attributes:
        pools: those it has tasks for.
        hosts: those it may use; None is all.
        runs: whether a task of it runs now.
    """

    pools: Set[str]
    hosts: frozenset[str] | None
    runs: bool


class Waiting:
    """Finds the reason, and knows which was told last."""

    def __init__(self, patience_seconds: float) -> None:
        """Say nothing before a job has waited this long."""
        self._patience = patience_seconds
        self._since: dict[str, float] = {}
        self._told: dict[str, str | None] = {}

    def reason(
        self, job_id: str, needs: Needs, situation: Situation, granted: Callable[[str], SlotsByHost], now: float
    ) -> str | None:
        """Return why a job waits, or None.

        Args:
            job_id: the job.
            needs: what it could use.
            situation: the pools and who serves them.
            granted: returns the slots of a pool that may work, by host.
            now: monotonic seconds.
        """
        if needs.runs or not needs.pools:
            self._since.pop(job_id, None)
            return None
        if now - self._since.setdefault(job_id, now) < self._patience:
            return None
        return "; ".join(_about(pool, situation, granted(pool), needs.hosts) for pool in sorted(needs.pools))

    def is_news(self, job_id: str, reason: str | None) -> bool:
        """Return whether this was not told of the job last."""
        if self._told.get(job_id) == reason:
            return False
        self._told[job_id] = reason
        return True


def _about(pool: str, situation: Situation, granted: SlotsByHost, hosts: frozenset[str] | None) -> str:
    where = "" if hosts is None else f" on {' or '.join(sorted(hosts))}"
    bounds = situation.bounds.get(pool)
    if bounds is None:
        return f"pool {pool} is no longer among the site's pools: the job is planned anew without it"
    if not bounds.most:
        return f"pool {pool} is scaled to 0 slots: the job goes on when it is scaled up"
    if not _among(situation.serving.get(pool, frozenset()), hosts):
        return _nobody(pool, _among(situation.drained.get(pool, frozenset()), hosts), where)
    if not situation.reach(pool, hosts):
        gpus = f" and {bounds.gpus} {'GPU' if bounds.gpus == 1 else 'GPUs'}" if bounds.gpus else ""
        size = f"{bounds.cores} cores and {bounds.memory_mb} MB{gpus}"
        return f"no host of pool {pool}{where} has room for a slot of {size}"
    slots = sum(number for host, number in granted.items() if hosts is None or host in hosts)
    return f"all {slots} slots of pool {pool}{where} are busy" if slots else f"pool {pool}{where} waits for a free slot"


def _nobody(pool: str, drained: Set[str], where: str) -> str:
    if drained:
        named = f"host {next(iter(drained))} is" if len(drained) == 1 else f"hosts {', '.join(sorted(drained))} are"
        return f"no worker of pool {pool} takes work{where}, {named} drained: the job goes on after undraining"
    return f"no worker of pool {pool} is there{where}: the job goes on when one comes"


def _among(found: frozenset[str], hosts: frozenset[str] | None) -> frozenset[str]:
    return found if hosts is None else found & hosts
