"""The page of all jobs: how each is, how far, and why it waits."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from flask import Response, url_for
from pydantic import Field

from lmsvc.jobs.states import JobState, is_terminal
from lmsvc.store.records import JobFilter, JobHead
from lmsvc.web.access import identity
from lmsvc.web.bodies import Progress
from lmsvc.web.jobs import PageCursor, Text
from lmsvc.web.operations import Answer, Operation, Query
from lmsvc.web.pages.rendering import HTML, page
from lmsvc.web.pages.whereabouts import hosts_now, hosts_then, named
from lmsvc.web.pools import current_pools
from lmsvc.web.services import services
from lmsvc.web.status import ordinal, total_progress

JOBS_ON_PAGE = 25


class JobsPageQuery(Query):
    """Which jobs to show."""

    state: JobState | None = None
    user: Text = None
    tag: Text = None
    q: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    cursor: PageCursor = None

    def address(self, **changes: object) -> str:
        """Return the address of the list with some of what it shows changed, from its first page on."""
        kept: dict[str, Any] = {**self.model_dump(mode="json", exclude={"cursor"}), **changes}
        return url_for("jobs_page", **{name: value for name, value in kept.items() if value})

    @property
    def narrows(self) -> bool:
        """Whether it leaves jobs out."""
        return self.address() != url_for("jobs_page")


@dataclass(frozen=True)
class Row:
    """A job of the list."""

    head: JobHead
    progress: Progress
    why: str | None
    hosts: str


def jobs_page(query: JobsPageQuery) -> Response:
    """Show the jobs."""
    found = services()
    user = identity().only or query.user
    wanted = JobFilter(user=user, state=query.state, tag=query.tag, text=query.q or None)
    jobs = found.store.jobs(wanted, query.cursor, JOBS_ON_PAGE)
    return page(
        "jobs.html",
        rows=list(_rows(jobs.rows)),
        query=query,
        next=jobs.next_cursor,
        states=list(JobState),
        counts_by_state=found.store.counts(user),
        pools=current_pools(),
        live=query.cursor is None,
    )


def _rows(heads: tuple[JobHead, ...]) -> Iterator[Row]:
    store, ids = services().store, [head.id for head in heads]
    steps, places = store.steps_of(ids), store.queue_positions(ids)
    hosts = {**hosts_then([head.id for head in heads if is_terminal(head.state)]), **hosts_now()}
    for head in heads:
        progress = total_progress(steps.get(head.id, ()))
        yield Row(head, progress, _why(head, places.get(head.id)), named(hosts.get(head.id, Counter())))


def _why(head: JobHead, place: int | None) -> str | None:
    """Say in a few words why a job of the list does not go on."""
    if head.state is JobState.QUEUED:
        return f"{ordinal(place)} in the queue" if place else None
    if head.state is JobState.FAILED and head.error:
        return str(head.error.get("detail") or head.error.get("reason") or head.error.get("title") or "")
    return None if is_terminal(head.state) else head.waiting_reason


OPERATIONS = (
    Operation("GET", "/", jobs_page, "pages", {200: Answer("The page.", media_type=HTML)}, (400,), JobsPageQuery),
)
