"""The one table of everything this service answers."""

from lmsvc.web import (
    catalogue,
    documentation,
    documents,
    events,
    health,
    jobs,
    logs,
    metrics,
    outputs,
    pages,
    pools,
    previews_csv,
    records,
    resumable,
    submission,
    uploads,
    workflows,
)
from lmsvc.web.operations import Operation

OPERATIONS: tuple[Operation, ...] = (
    *uploads.OPERATIONS,
    *resumable.OPERATIONS,
    *submission.OPERATIONS,
    *jobs.OPERATIONS,
    *events.OPERATIONS,
    *documents.OPERATIONS,
    *records.OPERATIONS,
    *logs.OPERATIONS,
    *outputs.OPERATIONS,
    *catalogue.OPERATIONS,
    *workflows.OPERATIONS,
    *previews_csv.OPERATIONS,
    *pools.OPERATIONS,
    *documentation.OPERATIONS,
    *health.OPERATIONS,
    *metrics.OPERATIONS,
    *pages.OPERATIONS,
)
