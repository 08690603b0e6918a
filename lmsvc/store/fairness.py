"""Whose job is next: pure rules over counts.

The user with the fewest running jobs is served first; among equals the one served longest ago (never served first of
all), then the one whose job was submitted first. Within a user, submission order.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Waiting:
    """The queued jobs of one user: how many, and the submission number of the first."""

    jobs: int
    first: int


@dataclass(frozen=True)
class Load:
    """Jobs by user: queued, running, and when each user was last served (larger is later; absent is never)."""

    waiting: Mapping[str, Waiting]
    running: Mapping[str, int]
    turns: Mapping[str, int]

    def rank(self, user: str) -> tuple[int, int, int]:
        """Return what users are ordered by; the smallest is served next."""
        return self.running.get(user, 0), self.turns.get(user, 0), self.waiting[user].first


def next_user(load: Load) -> str | None:
    """Return the user whose first queued job is served next, None when nobody waits."""
    return min(load.waiting, key=load.rank, default=None)


def jobs_ahead(load: Load, user: str, own_ahead: int) -> int:
    """Return how many jobs are served before a user's job that has `own_ahead` of the user's own before it.

    Exact while no job ends and none arrives: serving raises a user's number of running jobs by one, so a job is
    served when its user reaches the level `running + own_ahead`; at one level, who waited there longest goes first.
    """
    level = load.running.get(user, 0) + own_ahead
    others = (_served_before(load, other, user, level) for other in load.waiting if other != user)
    return own_ahead + sum(others)


def _served_before(load: Load, other: str, user: str, level: int) -> int:
    climb = level - load.running.get(other, 0)
    earlier = _order_at_level(load, other) < _order_at_level(load, user)
    return max(0, min(load.waiting[other].jobs, climb + earlier))


def _order_at_level(load: Load, user: str) -> tuple[int, int, int]:
    running, turn, first = load.rank(user)
    return -running, turn, first
