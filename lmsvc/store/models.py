"""The tables as peewee sees them. Private to the store: no model and no query leaves it.

The tables themselves are made by `migrations`; a test keeps both equal.
"""

import json

from peewee import BigIntegerField, BooleanField, DoubleField, Field, Model

_UNSTORABLE = {0: "\ufffd"} | {code: "\ufffd" for code in range(0xD800, 0xE000)}


class Text(Field):
    """Any text; what neither database can hold (NUL, lone surrogates) becomes U+FFFD."""

    field_type = "TEXT"

    def db_value(self, value: object) -> str | None:
        """Return the text as both databases can hold it."""
        return None if value is None else str(value).translate(_UNSTORABLE)


class Json(Field):
    """A JSON value kept as ASCII text, so that both databases keep every string and the order of keys."""

    field_type = "TEXT"

    def db_value(self, value: object) -> str | None:
        """Return the value as text; raises ValueError for what JSON cannot say, such as NaN."""
        return None if value is None else json.dumps(value, separators=(",", ":"), allow_nan=False)

    def python_value(self, value: str | None) -> object:
        """Return the value of the text."""
        return None if value is None else json.loads(value)


class _Row(Model):
    class Meta:
        primary_key = False
        legacy_table_names = False


class Jobs(_Row):
    """A job without its document."""

    seq = BigIntegerField()
    id = Text()
    user = Text()
    name = Text()
    state = Text()
    attempt = BigIntegerField()
    small = BooleanField()
    lane = BooleanField()
    tags = Json()
    total_tasks = BigIntegerField(null=True)
    submitted = DoubleField()
    started = DoubleField(null=True)
    ended = DoubleField(null=True)
    waiting_reason = Text(null=True)
    cancel_requested = BooleanField()
    lease_owner = Text(null=True)
    lease_until = DoubleField(null=True)
    error = Json(null=True)
    summary = Json(null=True)
    last_event = BigIntegerField()


class Documents(_Row):
    """A job's document, apart from the job because it is large and seldom asked for."""

    job_id = Text()
    document = Json()


class JobTags(_Row):
    """One tag of a job."""

    job_id = Text()
    tag = Text()


class JobUploads(_Row):
    """A job's document names an upload."""

    job_id = Text()
    upload_id = Text()


class IdempotencyKeys(_Row):
    """An Idempotency-Key of a user. It outlives its job, so that a repeated request never runs twice."""

    user = Text()
    key = Text()
    body_sha256 = Text()
    job_id = Text()
    created = DoubleField()


class Turns(_Row):
    """When a user was last served: the larger, the later."""

    user = Text()
    turn = BigIntegerField()


class Events(_Row):
    """Something that happened to a job."""

    job_id = Text()
    seq = BigIntegerField()
    time = DoubleField()
    kind = Text()
    data = Json()


class Steps(_Row):
    """The progress of one step."""

    job_id = Text()
    position = BigIntegerField()
    step = Text()
    tool = Text()
    category = Text()
    pool = Text(null=True)
    stage = Text(null=True)
    waiting = BigIntegerField()
    running = BigIntegerField()
    done = BigIntegerField()
    failed = BigIntegerField()
    skipped = BigIntegerField()
    total = BigIntegerField(null=True)


class Tasks(_Row):
    """One task of a job."""

    job_id = Text()
    task = Text()
    step = Text()
    stage = Text()
    attempt = BigIntegerField()
    items = BigIntegerField()
    state = Text()
    host = Text(null=True)
    slot = Text(null=True)
    started = DoubleField(null=True)
    seconds = DoubleField(null=True)
    peak_memory_mb = DoubleField(null=True)


class Items(_Row):
    """One item that did not succeed."""

    job_id = Text()
    step = Text()
    number = BigIntegerField()
    state = Text()
    label = Text(null=True)
    reason = Text(null=True)
    exit_code = BigIntegerField(null=True)
    signal = BigIntegerField(null=True)
    host = Text(null=True)
    task = Text(null=True)
    command = Json()
    stderr_tail = Text(null=True)


class Outputs(_Row):
    """One published file of a job."""

    job_id = Text()
    path = Text()
    step = Text()
    output = Text()
    item = BigIntegerField(null=True)
    label = Text(null=True)
    size = BigIntegerField()
    sha256 = Text()
    content_sha256 = Text(null=True)
    media_type = Text()


class Uploads(_Row):
    """One uploaded file."""

    id = Text()
    name = Text()
    size = BigIntegerField()
    sha256 = Text()
    created = DoubleField()


class Timings(_Row):
    """What one item of a tool takes."""

    tool = Text()
    seconds_per_item = DoubleField()


ALL: tuple[type[Model], ...] = tuple(_Row.__subclasses__())
