"""The JSON objects of the API, as the client reads them. Times are RFC 3339; a test keeps them equal to the API's."""

from typing import Any, TypedDict

TERMINAL: frozenset[str] = frozenset({"succeeded", "failed", "cancelled"})

Record = dict[str, Any]


class Upload(TypedDict):
    """A stored file; the same content has the same id."""

    id: str
    name: str
    size: int
    sha256: str
    created: str
    expires: str | None


class Transfer(TypedDict):
    """An upload in parts; ``upload`` is the id of what it has become, null until it is whole."""

    id: str
    name: str
    size: int
    offset: int
    sha256: str | None
    expires: str
    upload: str | None


class Submitted(TypedDict):
    """What the service says of a job it has just taken."""

    id: str
    state: str
    links: Record


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
    pool: str | None
    stage: str | None


class JobHead(TypedDict):
    """A job as it appears in lists."""

    id: str
    name: str
    user: str
    state: str
    attempt: int
    tags: list[str]
    submitted: str
    started: str | None
    ended: str | None
    waiting: str | None
    cancel_requested: bool
    error: Record | None
    summary: Record | None
    expires: str | None
    removed: bool
    links: Record


class Job(JobHead):
    """The state of one job."""

    queue_position: int | None
    progress: Progress
    steps: list[Step]


class JobPage(TypedDict):
    """One page of jobs, newest first; ``next`` is the cursor of the page after it."""

    jobs: list[JobHead]
    next: str | None


class Task(TypedDict):
    """A task: a batch of items of one step, and where it ran."""

    task: str
    step: str
    stage: str
    attempt: int
    items: int
    state: str
    host: str | None
    slot: str | None
    started: str | None
    seconds: float | None
    peak_memory_mb: float | None


class Item(TypedDict):
    """An item that failed, was skipped or was not run, and why."""

    step: str
    index: int
    label: str | None
    state: str
    reason: str | None
    exit_code: int | None
    signal: int | None
    host: str | None
    task: str | None
    command: list[str]
    stderr_tail: str | None


class Output(TypedDict):
    """A published file; equal ``content_sha256`` means equal content, dates and such left out."""

    path: str
    step: str
    output: str
    item: int | None
    label: str | None
    size: int
    sha256: str
    content_sha256: str | None
    media_type: str
    href: str


class PlannedStep(TypedDict):
    """What a step comes to; null while only another step's run will tell."""

    step: str
    tool: str
    category: str
    pool: str
    stage: str
    items: int | None
    tasks: int | None
    seconds: float | None


class Stage(TypedDict):
    """Steps that run together in one pool, after other stages."""

    id: str
    pool: str
    steps: list[str]
    after: list[str]


class Plan(TypedDict):
    """What a job would come to."""

    stages: list[Stage]
    steps: list[PlannedStep]
    categories: list[str]
    pools: list[str]
    items: int | None
    tasks: int | None
    seconds: float | None
    small: bool


class Tool(TypedDict):
    """A registered tool with its inputs and outputs by name."""

    id: str
    label: str
    doc: str
    category: str
    inputs: dict[str, Record]
    outputs: dict[str, Record]
    resources: Record
    cites: list[str]


class Dataset(TypedDict):
    """A dataset of the site."""

    name: str
    version: str
    title: str
    licence: str
    citation: str
    files: list[Record]


class Pool(TypedDict):
    """A pool with its slots as they are now; what is null of its shape is not in the service's configuration."""

    name: str
    categories: list[str]
    cores: int | None
    memory_mb: int | None
    disk_mb: int | None
    gpus: int | None
    image: str | None
    backend: str | None
    min: int | None
    max: int | None
    wanted: int
    slots: int
    idle: int
    busy: int
    tasks_waiting: int
    tasks_running: int
    oldest_waiting_seconds: float | None
    items_waiting: int
    items_running: int
    last_action: Record | None
    hosts: list[Record]
    lost: list[Record]
