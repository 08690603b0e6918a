"""Pages that say what went wrong, and what to do next."""

from typing import NoReturn

import pytest

from lmsvc.store.errors import StoreUnavailable
from lmsvc.web.pages import next_steps
from lmsvc.web.problems import TITLES, Problem
from tests.web.site import Site

HTML = {"Accept": "text/html"}
SLOW = Problem(429, "too-many-requests", "Requests of this user come too fast.", headers={"Retry-After": "7"})


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (Problem(403, "forbidden", "This needs a token with the scope `submit`."), 403, "Sign in with a token"),
        (Problem(404, "not-found", "There is no job."), 404, "whether the address is complete"),
        (Problem(413, "too-large", "A job document may have 9 bytes."), 413, "sent in parts"),
        (SLOW, 429, "tried again by itself in 7 s"),
        (RuntimeError("the cause, which is not shown"), 500, "number of the request"),
        (StoreUnavailable("the database, of which nothing is shown"), 503, "Wait a moment"),
        (Problem(507, "no-space", "The database has no room left."), 507, "Delete results"),
    ],
)
def test_a_problem_says_what_to_do_next(site: Site, error: Exception, status: int, said: str) -> None:
    """Whatever goes wrong on a page, it says what a person can do, leads on, and shows nothing of the inside."""

    def fail() -> NoReturn:
        raise error

    site.app.view_functions["pools_page"] = fail
    answer = site.client.get("/pools", headers=HTML)
    page = answer.get_data(as_text=True)
    assert answer.status_code == status
    assert said in page
    assert 'href="/">To the jobs' in page
    assert ("Try again</a>" in page) == (status in (429, 500, 503, 507))
    assert ('http-equiv="refresh"' in page) == (status in (429, 503))
    assert "is shown" not in page
    assert "is not shown" not in page


def test_a_refused_form_does_not_send_itself_again(site: Site) -> None:
    """After a form the page waits for the person."""
    answer = site.client.post("/jobs/aaaaaaaaaa/cancel", headers=HTML)
    assert answer.status_code == 403
    assert "refresh" not in answer.get_data(as_text=True)
    assert "send the form once more" in answer.get_data(as_text=True)


def test_advice_is_there_for_every_problem() -> None:
    """Each kind of problem has advice, its own or that of its status, and none is for a kind that is not there."""
    assert set(next_steps._BY_NAME) <= set(TITLES)
    for name in TITLES:
        assert all(len(next_steps.advice(f"urn:lmsvc:{name}", status)) > 20 for status in (400, 500))
