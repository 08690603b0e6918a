"""The tables as peewee sees them. Private to the store: no model and no query leaves it.

The tables themselves are made by `migrations`; a test keeps both equal.
"""

from peewee import BigIntegerField, BooleanField, DoubleField, Model

from lmsvc.store.fields import Json, Table, Text


class Jobs(Table):
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
    expires = DoubleField(null=True)
    expiry_warned = BooleanField()
    notify = Json(null=True)
    template = Json(null=True)
    package_bytes = BigIntegerField(null=True)


class Documents(Table):
    """A job's document, apart from the job because it is large and seldom asked for."""

    job_id = Text()
    document = Json()


class JobTags(Table):
    """One tag of a job."""

    job_id = Text()
    tag = Text()


class JobUploads(Table):
    """A job's document names an upload."""

    job_id = Text()
    upload_id = Text()


class IdempotencyKeys(Table):
    """An Idempotency-Key of a user. It outlives its job, so that a repeated request never runs twice."""

    user = Text()
    key = Text()
    body_sha256 = Text()
    job_id = Text()
    created = DoubleField()


class Turns(Table):
    """When a user was last served: the larger, the later."""

    user = Text()
    turn = BigIntegerField()


class Events(Table):
    """Something that happened to a job."""

    job_id = Text()
    seq = BigIntegerField()
    time = DoubleField()
    kind = Text()
    data = Json()


class Steps(Table):
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


class Tasks(Table):
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


class Items(Table):
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


class Outputs(Table):
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


class Uploads(Table):
    """One uploaded file."""

    id = Text()
    name = Text()
    size = BigIntegerField()
    sha256 = Text()
    created = DoubleField()


class UploadOwners(Table):
    """A user has an upload, under a name of the user's own."""

    upload_id = Text()
    user = Text()
    name = Text()
    created = DoubleField()
    expires = DoubleField(null=True)


class Users(Table):
    """Somebody who may sign in."""

    name = Text()
    admin = BooleanField()
    disabled = BooleanField()
    email = Text(null=True)
    notify = Json(null=True)
    quota = Json()
    created = DoubleField()


class Tokens(Table):
    """A token of a user; what the user sends is kept as its hash only."""

    id = Text()
    user = Text()
    name = Text()
    hash = Text()
    scopes = Json()
    created = DoubleField()
    expires = DoubleField(null=True)
    last_used = DoubleField(null=True)


class Sessions(Table):
    """A browser that signed in with a token. It ends with its token."""

    hash = Text()
    token_hash = Text()
    created = DoubleField()
    expires = DoubleField()


class Shares(Table):
    """A link by which anybody may read a job."""

    secret = Text()
    job_id = Text()
    user = Text()
    created = DoubleField()
    expires = DoubleField()


class Timings(Table):
    """What one item of a tool takes."""

    tool = Text()
    seconds_per_item = DoubleField()


ALL: tuple[type[Model], ...] = tuple(Table.__subclasses__())
