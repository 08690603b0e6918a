"""Shares slots between managers: max-min fair over users, then jobs, then managers, with few moves."""

from collections.abc import Mapping, Sequence
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


def allocate(
    demand: Sequence[ManagerDemand],
    capacity: Mapping[str, Mapping[str, int]],
    previous: Mapping[str, Placement],
) -> Allocation:
    """Share the slots of every pool.

    Args:
        demand: one entry per manager.
        capacity: pool to host to number of slots.
        previous: the allocation that stands.

    Returns:
        For each pool every manager of the demand with its slots by host (empty where it gets none).
    """
    raise NotImplementedError
