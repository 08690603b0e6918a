"""What a job document may refer to, and its bounds."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from lmsvc.jobs.datasets import Dataset
from lmsvc.jobs.limits import Limits
from lmsvc.jobs.tools import ToolRegistry


@dataclass(frozen=True)
class ValidationContext:
    """What a document may refer to, and its bounds."""

    tools: ToolRegistry
    datasets: Mapping[str, Dataset] = field(default_factory=dict)
    uploads: Callable[[str], bool] = lambda _: True
    """Says whether there is an upload with this id."""
    pools: Collection[str] | None = None
    """Names of the pools there are; None where that is not known."""
    channels: Collection[str] | None = None
    """By which of `webhook` and `email` the site tells people about jobs; None where that is not known."""
    limits: Limits = field(default_factory=Limits)
