"""The page of a step: its tasks with their hosts, and what it printed, while it runs and after."""

from collections import deque
from collections.abc import Sequence
from typing import Annotated, Literal

from flask import Response
from pydantic import Field

from lmsvc.jobs.states import is_terminal
from lmsvc.web.jobs import PageCursor, Text
from lmsvc.web.logs import LogQuery, log_pieces
from lmsvc.web.operations import Answer, Operation, Query
from lmsvc.web.pages.rendering import HTML, page
from lmsvc.web.running import RunningTask, running_of
from lmsvc.web.services import services
from lmsvc.web.status import head_or_404, job_status

SHOWN_BYTES = 200_000
TASKS_ON_PAGE = 25


class StepPageQuery(Query):
    """Which step, which item of it, which stream, and from which task on."""

    step: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
    item: Annotated[int | None, Field(ge=0, le=2**31)] = None
    stream: Literal["stdout", "stderr", "both"] = "both"
    state: Text = None
    cursor: PageCursor = None


def step_page(job_id: str, query: StepPageQuery) -> Response:
    """Show a step of a job: how far it is, where its tasks ran, what it printed."""
    found, head = services(), head_or_404(job_id)
    status = job_status(found, head)
    running = running_of(head, query.step)
    text, cut = _tail(job_id, LogQuery(step=query.step, item=query.item, stream=query.stream), running)
    tasks = found.store.tasks(job_id, query.step, query.state, query.cursor, TASKS_ON_PAGE)
    step = next((step for step in status.steps if step.step == query.step), None)
    return page(
        "step.html",
        job=status,
        step=step,
        tool=found.registries.tools.get(step.tool) if step else None,
        running={each.task: each for each in running},
        name=query.step,
        query=query,
        text=text,
        cut=cut,
        tasks=tasks,
        live=not is_terminal(head.state) and query.cursor is None,
    )


def _tail(job_id: str, query: LogQuery, running: Sequence[RunningTask]) -> tuple[str, bool]:
    """Return the end of a log as text, and whether something before it was left out."""
    kept, size, cut = deque[bytes](), 0, False
    for part in log_pieces(job_id, query, running) or ():
        kept.append(part)
        size += len(part)
        while size - len(kept[0]) >= SHOWN_BYTES:
            size -= len(kept.popleft())
            cut = True
    return b"".join(kept).decode(errors="replace"), cut


OPERATIONS = (
    Operation(
        "GET",
        "/jobs/{job_id}/step",
        step_page,
        "pages",
        {200: Answer("The page.", media_type=HTML)},
        (400, 404),
        StepPageQuery,
    ),
)
