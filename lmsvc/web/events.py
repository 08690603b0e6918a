"""The event stream of a job: what happened, as it happens, in the browser's own format."""

import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from flask import Response, request, stream_with_context

from lmsvc.jobs.states import is_terminal
from lmsvc.store.errors import StoreUnavailable
from lmsvc.store.records import Event
from lmsvc.web.jobs import pauses
from lmsvc.web.operations import Answer, Operation
from lmsvc.web.problems import FaultBody, Problem
from lmsvc.web.services import Services, services
from lmsvc.web.signin import access
from lmsvc.web.status import head_or_404, rendered

STREAM_SECONDS = 600.0
ADMITTED_SECONDS = 5.0
"""So long after a look whoever reads is looked at again: tokens and share links end while streams are open."""
SILENCE_SECONDS = 10.0
EVENTS_AT_ONCE = 500
LARGEST_SEQ = 2**53


def stream_events(job_id: str) -> Response:
    """Follow a job by server-sent events.

    What happened comes with `id` and can be taken up again with Last-Event-ID; between, `status` events carry the
    status whenever it changed; `end` comes after the last. The server may end the stream at any time, and does so
    soon after the token, session or share link that it was opened with is no longer good.
    """
    after = _last_event_id()
    head_or_404(job_id)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    stream = stream_with_context(_stream(services(), job_id, after))
    return Response(stream, content_type="text/event-stream", headers=headers)


def _last_event_id() -> int:
    text = request.headers.get("Last-Event-ID", "").strip() or "0"
    if not re.fullmatch(r"[0-9]{1,16}", text) or int(text) > LARGEST_SEQ:
        fault = FaultBody(parameter="Last-Event-ID", detail="must be the id of an event of this stream")
        raise Problem(400, "invalid-query", "Last-Event-ID is not an id of an event", errors=[fault])
    return int(text)


def _stream(found: Services, job_id: str, after: int) -> Iterator[str]:
    yield "retry: 1000\n\n"
    with found.waiting_place() as granted:
        try:
            yield from _news(found, job_id, after, STREAM_SECONDS if granted else 0.0)
        except StoreUnavailable:
            yield ": the database does not answer; come back\n\n"


def _news(found: Services, job_id: str, after: int, seconds: float) -> Iterator[str]:
    shown, spoken = "", time.monotonic()
    for _ in _while_admitted(job_id, pauses(seconds)):
        head = found.store.head(job_id)
        events = found.store.events(job_id, after, EVENTS_AT_ONCE)
        for event in events:
            after = event.seq
            yield _stored(event)
        if head is None:
            break
        text, tag = rendered(found, head)
        if tag != shown:
            shown = tag
            yield f"event: status\ndata: {text}\n\n"
            spoken = time.monotonic()
        elif time.monotonic() - spoken > SILENCE_SECONDS:
            yield ": still here\n\n"
            spoken = time.monotonic()
        if is_terminal(head.state) and not events:
            break
    else:
        return
    yield "event: end\ndata: {}\n\n"


def _while_admitted(job_id: str, looks: Iterator[None]) -> Iterator[None]:
    """Yield looks for as long as who asks may read the job."""
    admitted = time.monotonic()
    for _ in looks:
        if time.monotonic() - admitted > ADMITTED_SECONDS:
            if not access().still_admits(job_id):
                return
            admitted = time.monotonic()
        yield


def _stored(event: Event) -> str:
    when = datetime.fromtimestamp(event.time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    data = json.dumps({"time": when, **event.data})
    return f"id: {event.seq}\nevent: {event.kind}\ndata: {data}\n\n"


OPERATIONS = (
    Operation(
        "GET",
        "/api/v1/jobs/{job_id}/events",
        stream_events,
        "jobs",
        {200: Answer("The stream.", media_type="text/event-stream")},
        (400, 404),
        headers={"Last-Event-ID": "the last event at hand; the stream goes on after it"},
    ),
)
