"""The page of a job's items that did not succeed: each with its reason, its command and the end of what it printed."""

from dataclasses import dataclass

from flask import Response, url_for

from lmsvc.jobs.states import ItemState
from lmsvc.store.records import ItemRecord
from lmsvc.web.jobs import PageCursor, Text
from lmsvc.web.operations import Answer, Operation, Query
from lmsvc.web.pages.rendering import HTML, page
from lmsvc.web.services import services
from lmsvc.web.status import head_or_404

ITEMS_ON_PAGE = 25
STATES = {ItemState.FAILED: "Failed", ItemState.NOT_RUN: "Not run", ItemState.SKIPPED: "Skipped"}
"""States of the items that are kept, and what the page calls them."""


@dataclass(frozen=True)
class Items:
    """Some items in one state: those on a page, and where the rest of them are."""

    rows: tuple[ItemRecord, ...]
    more: bool
    all: str


class ItemsPageQuery(Query):
    """Which items to show."""

    state: ItemState | None = None
    step: Text = None
    cursor: PageCursor = None


def items_page(job_id: str, query: ItemsPageQuery) -> Response:
    """Show items of a job that failed, were skipped or not run."""
    head = head_or_404(job_id)
    found = services().store.items(job_id, query.step, query.state, query.cursor, ITEMS_ON_PAGE)
    return page("items.html", job=head, query=query, items=found, states=STATES)


def items_of(job_id: str, state: ItemState) -> Items:
    """Return the first items of a job in one state, for the job's own page."""
    found = services().store.items(job_id, state=state, limit=ITEMS_ON_PAGE)
    address = url_for("items_page", job_id=job_id, state=state.value)
    return Items(found.rows, found.next_cursor is not None, address)


OPERATIONS = (
    Operation(
        "GET",
        "/jobs/{job_id}/items",
        items_page,
        "pages",
        {200: Answer("The page.", media_type=HTML)},
        (400, 404),
        ItemsPageQuery,
    ),
)
