"""The status of a job, put together from its row, its steps and what the pools are doing."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from lmsvc.jobs.states import JobState, is_terminal
from lmsvc.store.records import JobHead, StepProgress
from lmsvc.store.retention import is_removed
from lmsvc.web.answers import etag
from lmsvc.web.board import Snapshot
from lmsvc.web.bodies import JobHeadBody, JobLinks, JobStatus, Progress, StepBody
from lmsvc.web.problems import not_found
from lmsvc.web.services import Services, services

_COUNTS = ("waiting", "running", "done", "failed", "skipped")


def head_or_404(job_id: str) -> JobHead:
    """Return a job without its document.

    Raises:
        Problem: 404.
    """
    head = services().store.head(job_id)
    if head is None:
        raise not_found(f"There is no job {job_id}.")
    return head


def links(job_id: str, has_package: bool = False) -> JobLinks:
    """Return the links of a job."""
    base = f"/api/v1/jobs/{job_id}"
    return JobLinks(
        self=base,
        package=f"{base}/package" if has_package else None,
        **{name: f"{base}/{name}" for name in ("events", "tasks", "items", "log", "outputs", "cancel", "retry")},
    )


def head_body(head: JobHead, waiting: str | None, has_package: bool = False) -> JobHeadBody:
    """Return a job as it appears in lists."""
    return JobHeadBody.model_validate(
        {
            **{name: getattr(head, name) for name in ("id", "name", "user", "state", "attempt", "cancel_requested")},
            **{name: getattr(head, name) for name in ("submitted", "started", "ended", "error", "summary", "expires")},
            "removed": is_removed(head),
            "tags": list(head.tags),
            "waiting": waiting,
            "links": links(head.id, has_package),
        }
    )


def job_status(found: Services, head: JobHead) -> JobStatus:
    """Return the status of a job as of now."""
    position = found.store.queue_position(head.id) if head.state is JobState.QUEUED else None
    steps = found.store.steps(head.id)
    has_package = is_terminal(head.state) and found.paths.job(head.id).package.is_file()
    waiting = waiting_reason(head, position, found.board.snapshot() if position else Snapshot())
    body = head_body(head, waiting, has_package)
    return JobStatus(
        **dict(body),
        queue_position=position,
        progress=total_progress(steps),
        steps=[StepBody(**asdict(step)) for step in steps],
    )


def rendered(found: Services, head: JobHead) -> tuple[str, str]:
    """Return the status as JSON text and its entity tag."""
    text = job_status(found, head).model_dump_json()
    return text, etag(text)


def waiting_reason(head: JobHead, position: int | None, snapshot: Snapshot) -> str | None:
    """Say in one sentence why a job does not go on; None where it does."""
    if is_terminal(head.state):
        return None
    if head.state is not JobState.QUEUED or position is None:
        return head.waiting_reason
    place = f"{ordinal(position)} in the queue"
    return ", ".join(filter(None, (place, head.waiting_reason, _slots_sentence(snapshot))))


def _slots_sentence(snapshot: Snapshot) -> str | None:
    if not snapshot.reachable:
        return "the catalog does not answer"
    idle, slots = snapshot.slots()
    return f"{idle} of {slots} slots free" if slots else "no slot is there yet"


def total_progress(steps: Sequence[StepProgress]) -> Progress:
    """Return the counts of all steps together; the total is None while that of any step is."""
    sums = {name: sum(getattr(step, name) for step in steps) for name in _COUNTS}
    return Progress(**sums, total=_sum_or_none(step.total for step in steps))


def _sum_or_none(totals: Iterable[int | None]) -> int | None:
    known = list(totals)
    return None if None in known else sum(total for total in known if total is not None)


def ordinal(number: int) -> str:
    """Return 1st, 2nd, 3rd, 4th, ..., 11th, ..., 21st."""
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"
