"""What a job's tasks did, and which of its items gave nothing."""

from dataclasses import asdict

from flask import Response

from lmsvc.jobs.states import ItemState
from lmsvc.web.answers import json_answer
from lmsvc.web.bodies import ItemBody, ItemsPage, TaskBody, TasksPage
from lmsvc.web.jobs import PageCursor, PageLimit, Text
from lmsvc.web.operations import Answer, Operation, Query
from lmsvc.web.services import services
from lmsvc.web.status import head_or_404


class TasksQuery(Query):
    """Which tasks to list."""

    step: Text = None
    state: Text = None
    cursor: PageCursor = None
    limit: PageLimit = 200


class ItemsQuery(Query):
    """Which items to list."""

    step: Text = None
    state: ItemState | None = None
    cursor: PageCursor = None
    limit: PageLimit = 200


def list_tasks(job_id: str, query: TasksQuery) -> Response:
    """List the tasks of a job with the host that ran each."""
    head_or_404(job_id)
    page = services().store.tasks(job_id, query.step, query.state, query.cursor, query.limit)
    tasks = [TaskBody.model_validate(asdict(row)) for row in page.rows]
    return json_answer(TasksPage(tasks=tasks, next=page.next_cursor))


def list_items(job_id: str, query: ItemsQuery) -> Response:
    """List the items that failed, were skipped or were not run, each with its reason."""
    head_or_404(job_id)
    page = services().store.items(job_id, query.step, query.state, query.cursor, query.limit)
    items = [ItemBody.model_validate(asdict(row)) for row in page.rows]
    return json_answer(ItemsPage(items=items, next=page.next_cursor))


_JOB = "/api/v1/jobs/{job_id}"

OPERATIONS = (
    Operation(
        "GET", f"{_JOB}/tasks", list_tasks, "jobs", {200: Answer("A page of tasks.", TasksPage)}, (400, 404), TasksQuery
    ),
    Operation(
        "GET", f"{_JOB}/items", list_items, "jobs", {200: Answer("A page of items.", ItemsPage)}, (400, 404), ItemsQuery
    ),
)
