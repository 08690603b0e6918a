"""States of jobs and of items, and the only ways from one to another."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class JobState(StrEnum):
    """State of a job as everyone sees it."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ItemState(StrEnum):
    """State of one item (one run of a step's tool)."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    NOT_RUN = "not_run"


ALLOWED: Mapping[JobState, frozenset[JobState]] = MappingProxyType(
    {
        JobState.QUEUED: frozenset({JobState.RUNNING, JobState.CANCELLED}),
        JobState.RUNNING: frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED}),
        JobState.SUCCEEDED: frozenset({JobState.QUEUED}),
        JobState.FAILED: frozenset({JobState.QUEUED}),
        JobState.CANCELLED: frozenset({JobState.QUEUED}),
    }
)
"""From each state the states a job may go to; back to `queued` is a retry, which starts a new attempt."""

_TERMINAL = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED})
_FINISHED = frozenset({ItemState.SUCCEEDED, ItemState.FAILED, ItemState.SKIPPED, ItemState.NOT_RUN})
_KEPT = frozenset({ItemState.SUCCEEDED, ItemState.SKIPPED})


def is_terminal(state: JobState) -> bool:
    """Say whether a job in this state has ended (only a retry moves it again)."""
    return state in _TERMINAL


def is_finished(state: ItemState) -> bool:
    """Say whether nothing more happens to an item in this attempt."""
    return state in _FINISHED


def is_kept(state: ItemState) -> bool:
    """Say whether a retry keeps the item's result instead of running it again."""
    return state in _KEPT
