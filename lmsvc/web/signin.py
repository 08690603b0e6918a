"""Signing in with a token, and out again."""

import time
from typing import Annotated

from flask import Response, current_app, request, url_for
from pydantic import Field

from lmsvc.store.accounts_secrets import hash_of
from lmsvc.web import sessions
from lmsvc.web.access import Access, Identity, identity
from lmsvc.web.operations import Answer, Body, Operation, Query
from lmsvc.web.pages.rendering import HTML, page, to
from lmsvc.web.problems import Problem
from lmsvc.web.services import services

FORM = "application/x-www-form-urlencoded"


class SignInQuery(Query):
    """Where to go afterwards."""

    next: Annotated[str, Field(max_length=300)] = "/"


def sign_in_page(query: SignInQuery) -> Response:
    """Ask for a token."""
    address = sessions.own_address(query.next)
    if identity().by != "nothing":
        return to(address)
    if sessions.from_other_site() and sessions.current():
        return sessions.come_again(sessions.this_address())
    return page("signin.html", next=address, wrong=None)


def sign_in() -> Response:
    """Begin a session with a token."""
    token, address = request.form.get("token", "").strip(), sessions.own_address(request.form.get("next", "/"))
    if not access().guarded:
        return to(address)
    hashed = hash_of(token)
    try:
        _owner_of(hashed)
    except Problem as problem:
        if problem.status != 401:
            raise
        answer = page("signin.html", next=address, wrong="This token is unknown here, expired or revoked.")
        answer.status_code = 401
        return answer
    answer, now = to(address), time.time()
    session = sessions.begin(answer)
    services().store.begin_session(
        hash_of(session), hashed, now, now + services().settings.session_days * sessions.DAY_SECONDS
    )
    return answer


def sign_out() -> Response:
    """End the session of this browser."""
    answer = to(url_for("sign_in_page"))
    session = sessions.current()
    if session:
        services().store.end_session(hash_of(session))
    sessions.end(answer)
    return answer


def access() -> Access:
    """Return what admits requests to this application."""
    found = current_app.extensions["lmsvc.access"]
    assert isinstance(found, Access)
    return found


def _owner_of(hashed: str) -> Identity:
    found = access().by_hash(hashed)
    if found is None:
        raise access().refuse("This token is unknown here, expired or revoked.")
    return found


_TO = {303: Answer("Go on there.", media_type=None, headers={"Location": "where"})}

OPERATIONS = (
    Operation(
        "GET",
        "/sign-in",
        sign_in_page,
        "pages",
        {200: Answer("The page.", media_type=HTML), **_TO},
        (400,),
        SignInQuery,
        public=True,
    ),
    Operation(
        "POST",
        "/sign-in",
        sign_in,
        "pages",
        {**_TO, 401: Answer("The page; the token is wrong.", media_type=HTML)},
        (429,),
        body=Body(FORM, "`token`, `next` and the form's own field"),
        public=True,
    ),
    Operation("POST", "/sign-out", sign_out, "pages", _TO, scope="read"),
)
