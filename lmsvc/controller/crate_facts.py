"""What the metadata of a package is made from, and how its entities refer to each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from lmsvc.jobs.datasets import Dataset
from lmsvc.jobs.document import JobDocument
from lmsvc.jobs.tools import Tool
from lmsvc.store.records import Upload

Entity = dict[str, Any]
"""One object of the graph, with `@id` and `@type`."""

WORKFLOW = "job.json"
"""The job document in the package: the workflow that was run."""


@dataclass(frozen=True)
class RunFacts:
    """A run as the metadata tells it.

    Attributes:
        document: the job document.
        user: who ran it.
        started: when it began, epoch seconds.
        ended: when its package was written, epoch seconds.
        error: why it failed; None where it did not.
        steps: the steps that ran at all.
        tools: the tools its steps name, by id.
        datasets: the site datasets its inputs name, by name.
        uploads: the uploads its inputs name, by id.
    """

    document: JobDocument
    user: str
    started: float
    ended: float
    error: str | None = None
    steps: Sequence[str] = ()
    tools: Mapping[str, Tool] = field(default_factory=dict)
    datasets: Mapping[str, Dataset] = field(default_factory=dict)
    uploads: Mapping[str, Upload] = field(default_factory=dict)


@dataclass(frozen=True)
class Member:
    """One file of the package; outputs have the step that made them."""

    path: str
    size: int
    sha256: str
    media_type: str
    step: str | None = None
    label: str | None = None
    description: str | None = None


def reference(to: str) -> dict[str, str]:
    """Return a reference to an entity."""
    return {"@id": to}


def place(member: Member) -> str:
    """Return the `@id` of a file: its path as a relative address."""
    return quote(member.path)


def person(user: str) -> str:
    """Return the `@id` of a user."""
    return f"#user-{quote(user, safe='')}"


def time_text(seconds: float) -> str:
    """Return epoch seconds in ISO 8601, UTC, to the second."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
