"""The page of a job: its state, why it waits, what failed, how far it is, what it made, how to do it again."""

import time
from collections.abc import Mapping
from typing import Any

from flask import Response, request

from lmsvc.jobs.states import ItemState, JobState, is_terminal
from lmsvc.store.records import Job, JobHead
from lmsvc.web.access import identity
from lmsvc.web.bodies import Progress
from lmsvc.web.documents import job_or_404
from lmsvc.web.operations import Answer, Operation
from lmsvc.web.pages.citing import citations
from lmsvc.web.pages.graph import picture
from lmsvc.web.pages.happenings import MOST_EVENTS, happenings
from lmsvc.web.pages.items import items_of
from lmsvc.web.pages.rendering import HTML, page
from lmsvc.web.pages.results import results_of
from lmsvc.web.pages.timeline import timeline
from lmsvc.web.pages.whereabouts import hosts_now, hosts_then
from lmsvc.web.pages.words import copies, seconds_left
from lmsvc.web.services import services
from lmsvc.web.status import job_status


def job_page(job_id: str) -> Response:
    """Show a job: its state, why it waits, what failed, how far it is, what it made."""
    found, job = services(), job_or_404(job_id)
    status = job_status(found, job)
    over = is_terminal(status.state)
    return page(
        "job.html",
        job=status,
        head=job,
        left=_left(job),
        failed=items_of(job_id, ItemState.FAILED),
        not_run=items_of(job_id, ItemState.NOT_RUN),
        skipped=items_of(job_id, ItemState.SKIPPED),
        results=results_of(job_id, found.store.outputs(job_id)) if over else None,
        over=over,
        can_retry=not status.removed and _can_retry(status.state, status.progress),
        live=not over,
        hosts_now=hosts_now().get(job_id, {}) if not over else {},
        hosts_then=hosts_then([job_id]).get(job_id, {}),
        cites=citations(job.document, found.registries),
        copies=_copies(job),
        happened=happenings(found.store.events(job_id, limit=MOST_EVENTS)),
        share=None if identity().shared_job else found.store.share_of(job_id, time.time()),
        **_pictures(job, job.document),
    )


def _copies(job: Job) -> dict[str, str]:
    """Return how to submit a job again; nothing for a page that asks for its moving part only."""
    if "HX-Request" in request.headers:
        return {}
    with_token = bool(services().settings.token_file)
    return copies(job.id, request.host_url.rstrip("/"), with_token, job.document)


def _pictures(head: JobHead, document: Mapping[str, Any]) -> dict[str, object]:
    """Return the picture of the steps and the time line, where there is one yet."""
    store = services().store
    steps, spans = store.steps(head.id), store.step_spans(head.id)
    now = head.ended or time.time()
    drawn = timeline(spans, steps, head.started, now) if spans and head.started else None
    return {"graph": picture(document, steps), "timeline": drawn}


def _left(head: JobHead) -> float | None:
    """Return the predicted seconds until a running job is over."""
    found = services()
    if head.state is not JobState.RUNNING:
        return None
    timed = found.seconds_per_item.get()
    return seconds_left(found.store.steps(head.id), timed, found.registries.tools, found.board.snapshot())


def _can_retry(state: JobState, progress: Progress) -> bool:
    return state in (JobState.FAILED, JobState.CANCELLED) or (state is JobState.SUCCEEDED and progress.failed > 0)


OPERATIONS = (
    Operation("GET", "/jobs/{job_id}", job_page, "pages", {200: Answer("The page.", media_type=HTML)}, (404,)),
)
