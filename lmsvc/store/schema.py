"""The statements of each schema change; `$identity`, `$text`, `$real`, `$bool` differ between the databases."""

_JOBS = (
    """CREATE TABLE jobs (
        seq $identity,
        id $text NOT NULL UNIQUE,
        "user" $text NOT NULL,
        name $text NOT NULL,
        state $text NOT NULL,
        attempt BIGINT NOT NULL,
        small $bool NOT NULL,
        lane $bool NOT NULL,
        tags $text NOT NULL,
        total_tasks BIGINT,
        submitted $real NOT NULL,
        started $real,
        ended $real,
        waiting_reason $text,
        cancel_requested $bool NOT NULL,
        lease_owner $text,
        lease_until $real,
        error $text,
        summary $text,
        last_event BIGINT NOT NULL
    )""",
    'CREATE INDEX jobs_by_state ON jobs (state, "user", seq, small)',
    'CREATE INDEX jobs_by_user ON jobs ("user", seq)',
    """CREATE TABLE documents (
        job_id $text NOT NULL PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
        document $text NOT NULL
    )""",
    """CREATE TABLE job_tags (
        job_id $text NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        tag $text NOT NULL,
        PRIMARY KEY (job_id, tag)
    )""",
    "CREATE INDEX job_tags_by_tag ON job_tags (tag)",
    """CREATE TABLE job_uploads (
        job_id $text NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        upload_id $text NOT NULL,
        PRIMARY KEY (job_id, upload_id)
    )""",
    "CREATE INDEX job_uploads_by_upload ON job_uploads (upload_id)",
    """CREATE TABLE idempotency_keys (
        "user" $text NOT NULL,
        key $text NOT NULL,
        body_sha256 $text NOT NULL,
        job_id $text NOT NULL,
        created $real NOT NULL,
        PRIMARY KEY ("user", key)
    )""",
    'CREATE TABLE turns ("user" $text NOT NULL PRIMARY KEY, turn BIGINT NOT NULL)',
)

_PROGRESS = (
    """CREATE TABLE events (
        job_id $text NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        seq BIGINT NOT NULL,
        time $real NOT NULL,
        kind $text NOT NULL,
        data $text NOT NULL,
        PRIMARY KEY (job_id, seq)
    )""",
    """CREATE TABLE steps (
        job_id $text NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        position BIGINT NOT NULL,
        step $text NOT NULL,
        tool $text NOT NULL,
        category $text NOT NULL,
        pool $text,
        stage $text,
        waiting BIGINT NOT NULL,
        running BIGINT NOT NULL,
        done BIGINT NOT NULL,
        failed BIGINT NOT NULL,
        skipped BIGINT NOT NULL,
        total BIGINT,
        PRIMARY KEY (job_id, step)
    )""",
    """CREATE TABLE tasks (
        job_id $text NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        task $text NOT NULL,
        step $text NOT NULL,
        stage $text NOT NULL,
        attempt BIGINT NOT NULL,
        items BIGINT NOT NULL,
        state $text NOT NULL,
        host $text,
        slot $text,
        started $real,
        seconds $real,
        peak_memory_mb $real,
        PRIMARY KEY (job_id, task)
    )""",
    """CREATE TABLE items (
        job_id $text NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        step $text NOT NULL,
        number BIGINT NOT NULL,
        state $text NOT NULL,
        label $text,
        reason $text,
        exit_code BIGINT,
        signal BIGINT,
        host $text,
        task $text,
        command $text NOT NULL,
        stderr_tail $text,
        PRIMARY KEY (job_id, step, number)
    )""",
    """CREATE TABLE outputs (
        job_id $text NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        path $text NOT NULL,
        step $text NOT NULL,
        output $text NOT NULL,
        item BIGINT,
        label $text,
        size BIGINT NOT NULL,
        sha256 $text NOT NULL,
        content_sha256 $text,
        media_type $text NOT NULL,
        PRIMARY KEY (job_id, path)
    )""",
)

_SITE = (
    """CREATE TABLE uploads (
        id $text NOT NULL PRIMARY KEY,
        name $text NOT NULL,
        size BIGINT NOT NULL,
        sha256 $text NOT NULL,
        created $real NOT NULL
    )""",
    "CREATE TABLE timings (tool $text NOT NULL PRIMARY KEY, seconds_per_item $real NOT NULL)",
)

_JOBS_OF_SEVERAL = (
    "ALTER TABLE jobs ADD COLUMN expires $real",
    "ALTER TABLE jobs ADD COLUMN expiry_warned $bool NOT NULL DEFAULT FALSE",
    "ALTER TABLE jobs ADD COLUMN notify $text",
    "ALTER TABLE jobs ADD COLUMN template $text",
    "ALTER TABLE jobs ADD COLUMN package_bytes BIGINT",
    "CREATE INDEX jobs_by_expiry ON jobs (expires)",
    """CREATE TABLE upload_owners (
        upload_id $text NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
        "user" $text NOT NULL,
        name $text NOT NULL,
        created $real NOT NULL,
        PRIMARY KEY (upload_id, "user")
    )""",
    'CREATE INDEX upload_owners_by_user ON upload_owners ("user")',
    """INSERT INTO upload_owners (upload_id, "user", name, created)
        SELECT id, COALESCE((SELECT MIN("user") FROM jobs), 'local'), name, created FROM uploads""",
)

_ACCOUNTS = (
    """CREATE TABLE users (
        name $text NOT NULL PRIMARY KEY,
        admin $bool NOT NULL,
        disabled $bool NOT NULL,
        email $text,
        notify $text,
        quota $text NOT NULL,
        created $real NOT NULL
    )""",
    """CREATE TABLE tokens (
        id $text NOT NULL PRIMARY KEY,
        "user" $text NOT NULL REFERENCES users (name) ON DELETE CASCADE,
        name $text NOT NULL,
        hash $text NOT NULL UNIQUE,
        scopes $text NOT NULL,
        created $real NOT NULL,
        expires $real,
        last_used $real
    )""",
    'CREATE INDEX tokens_by_user ON tokens ("user")',
    """CREATE TABLE sessions (
        hash $text NOT NULL PRIMARY KEY,
        token_hash $text NOT NULL,
        created $real NOT NULL,
        expires $real NOT NULL
    )""",
    """CREATE TABLE shares (
        secret $text NOT NULL PRIMARY KEY,
        job_id $text NOT NULL UNIQUE REFERENCES jobs (id) ON DELETE CASCADE,
        "user" $text NOT NULL,
        created $real NOT NULL,
        expires $real NOT NULL
    )""",
)

_LETTING_GO = (
    "ALTER TABLE upload_owners ADD COLUMN expires $real",
    "CREATE INDEX upload_owners_by_expiry ON upload_owners (expires)",
    "CREATE INDEX jobs_to_tell ON jobs (ended) WHERE notify IS NOT NULL",
    "CREATE INDEX jobs_to_tell_of_expiry ON jobs (expires) WHERE notify IS NOT NULL",
    "CREATE INDEX jobs_unmeasured ON jobs (package_bytes) WHERE ended IS NOT NULL AND package_bytes IS NULL",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (*_JOBS, *_PROGRESS, *_SITE),
    (*_JOBS_OF_SEVERAL, *_ACCOUNTS),
    _LETTING_GO,
)
