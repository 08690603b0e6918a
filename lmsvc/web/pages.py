"""Pages for people: the jobs and each job, rendered here, readable without a script."""

from importlib.resources import files
from mimetypes import guess_type
from typing import Annotated

from flask import Response, render_template, url_for
from pydantic import Field

from lmsvc.jobs.states import ItemState, JobState, is_terminal
from lmsvc.store.records import JobFilter, JobHead
from lmsvc.web.bodies import Progress
from lmsvc.web.jobs import PageCursor, Text, cancel_job, delete_job, retry_job
from lmsvc.web.operations import Answer, Operation, Query
from lmsvc.web.outputs import output_body
from lmsvc.web.pools import current_pools
from lmsvc.web.problems import not_found
from lmsvc.web.services import services
from lmsvc.web.status import head_or_404, job_status, links, ordinal, total_progress

JOBS_ON_PAGE = 25
ITEMS_ON_PAGE = 50
OUTPUTS_ON_PAGE = 200
HTML = "text/html"
STATIC = frozenset({"style.css", "live.js"})


class JobsPageQuery(Query):
    """Which jobs to show."""

    state: JobState | None = None
    tag: Text = None
    q: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    cursor: PageCursor = None


def jobs_page(query: JobsPageQuery) -> Response:
    """Show the jobs."""
    found = services()
    wanted = JobFilter(state=query.state, tag=query.tag, text=query.q or None)
    page = found.store.jobs(wanted, query.cursor, JOBS_ON_PAGE)
    rows = [(head, total_progress(found.store.steps(head.id)), _why(head)) for head in page.rows]
    return _page(
        "jobs.html",
        rows=rows,
        query=query,
        next=page.next_cursor,
        states=list(JobState),
        counts_by_state=found.store.counts(),
        pools=current_pools(),
        live=query.cursor is None,
    )


def job_page(job_id: str) -> Response:
    """Show a job: its state, why it waits, what failed, how far it is, what it made."""
    found, head = services(), head_or_404(job_id)
    status = job_status(found, head)
    outputs = found.store.outputs(job_id)
    return _page(
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


def cancel_from_page(job_id: str) -> Response:
    """Cancel a job by a page's button."""
    cancel_job(job_id)
    return _to(url_for("job_page", job_id=job_id))


def retry_from_page(job_id: str) -> Response:
    """Retry a job by a page's button."""
    retry_job(job_id)
    return _to(url_for("job_page", job_id=job_id))


def delete_from_page(job_id: str) -> Response:
    """Delete a job by a page's button."""
    delete_job(job_id)
    return _to(url_for("jobs_page"))


def static_file(name: str) -> Response:
    """Send a file the pages need."""
    if name not in STATIC:
        raise not_found(f"There is no file {name}.")
    content = (files("lmsvc.web") / "static" / name).read_bytes()
    headers = {"Cache-Control": "public, max-age=300"}
    return Response(content, mimetype=guess_type(name)[0], headers=headers)


def _why(head: JobHead) -> str | None:
    """Say in a word why a job of the list does not go on."""
    if head.state is JobState.QUEUED:
        position = services().store.queue_position(head.id)
        return f"{ordinal(position)} in the queue" if position else None
    return None if is_terminal(head.state) else head.waiting_reason


def _items(job_id: str, state: ItemState) -> dict[str, object]:
    page = services().store.items(job_id, state=state, limit=ITEMS_ON_PAGE)
    return {"rows": page.rows, "more": page.next_cursor is not None, "all": f"{links(job_id).items}?state={state}"}


def _can_retry(state: JobState, progress: Progress) -> bool:
    return state in (JobState.FAILED, JobState.CANCELLED) or (state is JobState.SUCCEEDED and progress.failed > 0)


def _page(template: str, **facts: object) -> Response:
    return Response(render_template(template, **facts), content_type=f"{HTML}; charset=utf-8")


def _to(address: str) -> Response:
    return Response(status=303, headers={"Location": address})


_DONE = {303: Answer("Done; the page shows it.", media_type=None, headers={"Location": "the page"})}

OPERATIONS = (
    Operation("GET", "/", jobs_page, "pages", {200: Answer("The page.", media_type=HTML)}, (400,), JobsPageQuery),
    Operation("GET", "/jobs/{job_id}", job_page, "pages", {200: Answer("The page.", media_type=HTML)}, (404,)),
    Operation("POST", "/jobs/{job_id}/cancel", cancel_from_page, "pages", _DONE, (404, 409)),
    Operation("POST", "/jobs/{job_id}/retry", retry_from_page, "pages", _DONE, (404, 409)),
    Operation("POST", "/jobs/{job_id}/delete", delete_from_page, "pages", _DONE, (404, 409)),
    Operation(
        "GET",
        "/static/{name}",
        static_file,
        "pages",
        {200: Answer("The file.", media_type="*/*")},
        (404,),
        public=True,
    ),
)
