"""The page of a job: its state, why it waits, what failed, how far it is, what it made."""

from flask import Response

from lmsvc.jobs.states import ItemState, JobState, is_terminal
from lmsvc.web.bodies import Progress
from lmsvc.web.operations import Answer, Operation
from lmsvc.web.outputs import output_body
from lmsvc.web.pages.rendering import HTML, page
from lmsvc.web.services import services
from lmsvc.web.status import head_or_404, job_status, links

ITEMS_ON_PAGE = 50
OUTPUTS_ON_PAGE = 200


def job_page(job_id: str) -> Response:
    """Show a job: its state, why it waits, what failed, how far it is, what it made."""
    found, head = services(), head_or_404(job_id)
    status = job_status(found, head)
    outputs = found.store.outputs(job_id)
    return page(
        "job.html",
        job=status,
        failed=_items(job_id, ItemState.FAILED),
        not_run=_items(job_id, ItemState.NOT_RUN),
        skipped=_items(job_id, ItemState.SKIPPED),
        outputs=[output_body(job_id, row) for row in outputs[:OUTPUTS_ON_PAGE]],
        more_outputs=len(outputs) > OUTPUTS_ON_PAGE,
        over=is_terminal(status.state),
        can_retry=_can_retry(status.state, status.progress),
        live=not is_terminal(status.state),
    )


def _items(job_id: str, state: ItemState) -> dict[str, object]:
    items = services().store.items(job_id, state=state, limit=ITEMS_ON_PAGE)
    return {"rows": items.rows, "more": items.next_cursor is not None, "all": f"{links(job_id).items}?state={state}"}


def _can_retry(state: JobState, progress: Progress) -> bool:
    return state in (JobState.FAILED, JobState.CANCELLED) or (state is JobState.SUCCEEDED and progress.failed > 0)


OPERATIONS = (
    Operation("GET", "/jobs/{job_id}", job_page, "pages", {200: Answer("The page.", media_type=HTML)}, (404,)),
)
