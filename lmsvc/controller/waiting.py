"""Why a running job waits: no slot of its pool is alive, or all are busy."""

from collections.abc import Mapping, Set


class Waiting:
    """Finds the reason, and knows which was told last."""

    def __init__(self, patience_seconds: float) -> None:
        """Say nothing before a job has waited this long."""
        self._patience = patience_seconds
        self._since: dict[str, float] = {}
        self._told: dict[str, str | None] = {}

    def reason(self, job_id: str, pools: Set[str], capacity: Mapping[str, int], runs: bool, now: float) -> str | None:
        """Return why a job waits, or None.

        Args:
            job_id: the job.
            pools: those it has tasks for.
            capacity: live slots by pool.
            runs: whether a task of it runs now.
            now: monotonic seconds.
        """
        if runs or not pools:
            self._since.pop(job_id, None)
            return None
        if now - self._since.setdefault(job_id, now) < self._patience:
            return None
        return "; ".join(_about(pool, capacity.get(pool, 0)) for pool in sorted(pools))

    def is_news(self, job_id: str, reason: str | None) -> bool:
        """Return whether this was not told of the job last."""
        if self._told.get(job_id) == reason:
            return False
        self._told[job_id] = reason
        return True


def _about(pool: str, slots: int) -> str:
    if not slots:
        return f"no worker of pool {pool} is there: the job goes on when one comes"
    return f"all {slots} slots of pool {pool} are busy"
