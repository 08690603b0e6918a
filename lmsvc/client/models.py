"""The JSON objects of the API, as the client reads them."""

from typing import Any, TypedDict

TERMINAL: frozenset[str] = frozenset({"succeeded", "failed", "cancelled"})

Record = dict[str, Any]


class Upload(TypedDict):
    """A stored file; the same content has the same id."""

    id: str
    name: str
    size: int
    sha256: str


class Submitted(TypedDict):
    """What the service says of a job it has just taken."""

    id: str
    state: str


class Progress(TypedDict):
    """Items of a job or of one step by what became of them; ``total`` is null while it is unknown."""

    waiting: int
    running: int
    done: int
    failed: int
    skipped: int
    total: int | None


class Step(Progress):
    """Progress of one step."""

    step: str
    tool: str
    category: str
    pool: str
    stage: str


class JobHead(TypedDict):
    """A job as it appears in lists; times are RFC 3339."""

    id: str
    name: str
    user: str
    state: str
    attempt: int
    submitted: str
    started: str | None
    ended: str | None
    waiting: str | None
    error: Record | None
    summary: Record | None


class Job(JobHead):
    """The state of one job."""

    queue_position: int | None
    progress: Progress
    steps: list[Step]


class JobPage(TypedDict):
    """One page of jobs, newest first; ``next`` is the cursor of the page after it."""

    jobs: list[JobHead]
    next: str | None
