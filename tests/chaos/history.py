"""What happened in a fault run: every acknowledged request and every observation of a job."""

import time
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.service.documents import Document

Expectation = Literal["succeeded", "failed", "cancelled or succeeded"]


@dataclass(frozen=True)
class Planned:
    """A job that the load submits.

    Attributes:
        key: Idempotency-Key.
        expected: how it must end.
        texts: by label, the text of every output it must have if it succeeds.
        cancelled: whether the load cancels it.
    """

    key: str
    document: Document
    expected: Expectation
    texts: dict[str, str]
    cancelled: bool = False


@dataclass
class History:
    """Everything that the checker looks at.

    Attributes:
        seed: what the run was made from.
        acknowledged: job ids answered to each key, one per 2xx answer.
        states: the states seen of each job, in order, without repeats.
        kills: what was killed when, seconds from the start.
        notes: what else a person should see.
    """

    seed: int
    planned: dict[str, Planned] = field(default_factory=dict)
    acknowledged: dict[str, list[str]] = field(default_factory=dict)
    states: dict[str, list[str]] = field(default_factory=dict)
    kills: list[tuple[float, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def acknowledge(self, key: str, job_id: str) -> None:
        """Note a 2xx answer to a submission."""
        self.acknowledged.setdefault(key, []).append(job_id)

    def observe(self, job: dict[str, Any]) -> None:
        """Note the state of a job as the API told it."""
        seen = self.states.setdefault(job["id"], [])
        if not seen or seen[-1] != job["state"]:
            seen.append(job["state"])

    def kill(self, victim: str) -> None:
        """Note a kill."""
        self.kills.append((time.monotonic() - self.started, victim))
