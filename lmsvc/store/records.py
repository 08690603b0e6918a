"""What goes into the store and comes out of it: frozen values, never database objects.

Times are UTC epoch seconds, sizes are bytes unless the name says otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from lmsvc.jobs.states import ItemState, JobState

T = TypeVar("T")
JsonObject = Mapping[str, Any]


@dataclass(frozen=True)
class NewJob:
    """A valid job document on its way in.

    `notify` says who is told (`{"webhook": url, "email": address}`); `template` what it was made from
    (`{"name", "parameters"}`). With `any_uploads` it may name uploads of other users. With
    `most_jobs` no more jobs of the user wait or run than that; 0 is no bound.
    """

    user: str
    name: str
    document: JsonObject
    total_tasks: int | None = None
    small: bool = False
    tags: tuple[str, ...] = ()
    notify: JsonObject | None = None
    template: JsonObject | None = None
    any_uploads: bool = False
    most_jobs: int = 0


@dataclass(frozen=True)
class Idempotency:
    """An Idempotency-Key with the checksum of the request's body. Keys of different users do not meet."""

    key: str
    body_sha256: str


@dataclass(frozen=True)
class IdempotentJob:
    """The job a key gave, for the body it came with. The job may have been deleted since."""

    job_id: str
    body_sha256: str
    created: float


@dataclass(frozen=True)
class Submission:
    """The answer to a submission: the job, and whether this call made it."""

    job_id: str
    created: bool


@dataclass(frozen=True)
class JobHead:
    """Everything about a job but its document.

    `expires` is when its results may go (None: not yet known, or never), `package_bytes` what they take on the disk.
    """

    id: str
    seq: int
    user: str
    name: str
    state: JobState
    attempt: int
    small: bool
    lane: bool
    tags: tuple[str, ...]
    total_tasks: int | None
    submitted: float
    started: float | None
    ended: float | None
    waiting_reason: str | None
    cancel_requested: bool
    lease_owner: str | None
    lease_until: float | None
    error: JsonObject | None
    summary: JsonObject | None
    expires: float | None
    expiry_warned: bool
    notify: JsonObject | None
    template: JsonObject | None
    package_bytes: int | None


@dataclass(frozen=True)
class Job(JobHead):
    """A job with its document. `seq` is the order of submission; `lane` says it runs in the lane for small jobs."""

    document: JsonObject


@dataclass(frozen=True)
class JobFilter:
    """Which jobs to list; None means any. `text` is looked for in name, user and tags, or begins an id."""

    user: str | None = None
    state: JobState | None = None
    tag: str | None = None
    text: str | None = None


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows and, where there may be more, the cursor that asks for the next."""

    rows: tuple[T, ...]
    next_cursor: str | None = None


@dataclass(frozen=True)
class StepProgress:
    """How far a step is, in items. `total` is None while unknown."""

    step: str
    tool: str
    category: str
    pool: str | None = None
    stage: str | None = None
    waiting: int = 0
    running: int = 0
    done: int = 0
    failed: int = 0
    skipped: int = 0
    total: int | None = None


@dataclass(frozen=True)
class TaskRecord:
    """A task (a batch of `items` items of one step): where it ran and what it took."""

    task: str
    step: str
    stage: str
    attempt: int
    items: int
    state: str
    host: str | None = None
    slot: str | None = None
    started: float | None = None
    seconds: float | None = None
    peak_memory_mb: float | None = None


@dataclass(frozen=True)
class ItemRecord:
    """An item that failed, was skipped or was not run, with what is needed to see why."""

    step: str
    index: int
    state: ItemState
    label: str | None = None
    reason: str | None = None
    exit_code: int | None = None
    signal: int | None = None
    host: str | None = None
    task: str | None = None
    command: tuple[str, ...] = ()
    stderr_tail: str | None = None


@dataclass(frozen=True)
class OutputFile:
    """A published file. `path` is relative to the job's outputs; `item` is None for an unscattered step."""

    path: str
    step: str
    output: str
    item: int | None
    label: str | None
    size: int
    sha256: str
    content_sha256: str | None = None
    media_type: str = "application/octet-stream"


@dataclass(frozen=True)
class Event:
    """Something that happened to a job; `seq` counts from 1 in each job without gaps."""

    seq: int
    time: float
    kind: str
    data: JsonObject = field(default_factory=dict)


@dataclass(frozen=True)
class Upload:
    """An uploaded file as one user has it.

    The id is the first 32 hex digits of its sha256, so equal content has one id and is kept once, whoever sends it.
    `expires` is when it may go (None: not yet known, or never).
    """

    id: str
    name: str
    size: int
    sha256: str
    created: float
    user: str = "local"
    expires: float | None = None
