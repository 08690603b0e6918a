"""What managers ask for, and what they get."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Placement = Mapping[str, Mapping[str, int]]
"""Project to host to number of slots."""

Allocation = dict[str, dict[str, dict[str, int]]]
"""Pool to project to host to number of slots."""


@dataclass(frozen=True)
class ManagerDemand:
    """What one manager (one Makeflow) could use now."""

    project: str
    pool: str
    user: str
    job: str
    tasks: int
    """Tasks that wait or run: it never gets more slots than these."""
    lane: Literal["normal", "small"] = "normal"
    hosts: frozenset[str] | None = None
    """The hosts whose slots it may have; None is all."""
