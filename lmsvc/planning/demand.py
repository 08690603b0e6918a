"""What managers ask for."""

from dataclasses import dataclass
from typing import Literal


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
