"""The JSON bodies of answers about jobs, as pydantic models: what is sent and what the OpenAPI document says."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, PlainSerializer

from lmsvc.jobs.states import ItemState, JobState


def _moment(value: object) -> object:
    return datetime.fromtimestamp(value, UTC) if isinstance(value, (int, float)) else value


def _rfc3339(value: datetime) -> str:
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[datetime, BeforeValidator(_moment), PlainSerializer(_rfc3339, when_used="json")]
Cursor = Annotated[str | None, Field(description="give it as `cursor` to get the next page; null on the last one")]
Count = Annotated[int, Field(ge=0)]


class JobLinks(BaseModel):
    """Where to go on from a job."""

    self: str
    events: str
    tasks: str
    items: str
    log: str
    outputs: str
    package: str | None = Field(description="null until there is a package")
    cancel: str
    retry: str


class Accepted(BaseModel):
    """A job that was taken over for good."""

    id: str
    state: JobState
    links: JobLinks


class Progress(BaseModel):
    """Counts of items by state; every item is in exactly one of them."""

    waiting: Count = 0
    running: Count = 0
    done: Count = 0
    failed: Count = 0
    skipped: Count = 0
    total: int | None = Field(default=None, description="null while it is unknown")


class StepBody(Progress):
    """How far a step is."""

    step: str
    tool: str
    category: str
    pool: str | None
    stage: str | None


class JobHeadBody(BaseModel):
    """A job as it appears in lists."""

    id: str
    name: str
    user: str
    state: JobState
    attempt: Count = Field(description="counts retries, from 1")
    tags: list[str]
    submitted: Moment
    started: Moment | None
    ended: Moment | None
    waiting: str | None = Field(description="why it does not go on, where it does not")
    cancel_requested: bool
    error: dict[str, Any] | None = Field(description="why it failed")
    summary: dict[str, Any] | None = Field(description="what came out of it")
    expires: Moment | None = Field(description="when its results are removed; null: not known yet, or never")
    removed: bool = Field(description="its results have expired and are gone")
    links: JobLinks


class JobStatus(JobHeadBody):
    """All there is to know about a job at a glance."""

    queue_position: int | None = Field(description="1 is next; null when it does not queue")
    progress: Progress = Field(description="all steps together")
    steps: list[StepBody]


class JobsPage(BaseModel):
    """A page of jobs, newest first."""

    jobs: list[JobHeadBody]
    next: Cursor


class TaskBody(BaseModel):
    """A task: a batch of items of one step, and where it ran."""

    task: str
    step: str
    stage: str
    attempt: Count
    items: Count = Field(description="how many items it carries")
    state: str
    host: str | None
    slot: str | None
    started: Moment | None
    seconds: float | None
    peak_memory_mb: float | None


class TasksPage(BaseModel):
    """A page of tasks."""

    tasks: list[TaskBody]
    next: Cursor


class ItemBody(BaseModel):
    """An item that failed, was skipped or was not run, and why."""

    step: str
    index: Count
    label: str | None
    state: ItemState
    reason: str | None
    exit_code: int | None
    signal: int | None
    host: str | None
    task: str | None
    command: list[str]
    stderr_tail: str | None = Field(description="the last lines of its standard error")


class ItemsPage(BaseModel):
    """A page of items."""

    items: list[ItemBody]
    next: Cursor


class OutputBody(BaseModel):
    """A published file."""

    path: str
    step: str
    output: str
    item: int | None = Field(description="index of the scatter item; null for a step without scatter")
    label: str | None
    size: Count
    sha256: str
    content_sha256: str | None = Field(description="of the content without dates and such; equal for equal inputs")
    media_type: str
    href: str


class OutputsPage(BaseModel):
    """A page of published files."""

    outputs: list[OutputBody]
    next: Cursor


class UploadBody(BaseModel):
    """An uploaded file; equal content has one id."""

    id: str = Field(pattern="^[0-9a-f]{32}$")
    name: str
    size: Count = Field(description="bytes")
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    created: Moment
    expires: Moment | None = Field(description="when it goes unless a job uses it; null: not yet known, or never")


class TransferBody(BaseModel):
    """An upload in parts."""

    id: str = Field(pattern="^[0-9a-f]{32}$")
    name: str
    size: Count = Field(description="bytes it will have")
    offset: Count = Field(description="bytes that have arrived")
    sha256: str | None = Field(description="of the whole, as the client announced it")
    expires: Moment = Field(description="when it is forgotten unless more comes")
    upload: str | None = Field(description="id of the upload it has become; null until it is whole")


class TransfersPage(BaseModel):
    """Uploads in parts that are not whole yet."""

    transfers: list[TransferBody]
    next: Cursor
