"""How one's jobs tell of their end unless they say otherwise, and the secret that signs what they tell."""

from dataclasses import replace
from typing import Literal

from flask import Response, request, url_for
from pydantic import BaseModel, Field, ValidationError

from lmsvc.jobs.document import JobDocument, Notify
from lmsvc.notices.secrets import key_of, user_secret
from lmsvc.store.accounts_records import User
from lmsvc.web.access import Identity, account_of, identity
from lmsvc.web.answers import json_answer
from lmsvc.web.json_bodies import read_body
from lmsvc.web.operations import JSON, Answer, Body, Operation
from lmsvc.web.pages.rendering import HTML, page, to
from lmsvc.web.problems import FaultBody, Problem
from lmsvc.web.services import services
from lmsvc.web.signin import FORM

_WORDS = {"webhook": "webhooks", "email": "mail"}


class NoticesBody(BaseModel):
    """How a user's jobs tell of their end."""

    channels: list[Literal["webhook", "email"]] = Field(description="by what this site tells anybody")
    webhook: str | None = Field(description="address that jobs tell which name nobody")
    email: str | None = Field(description="the same by mail")
    secret: str | None = Field(description="signs webhooks about your jobs; null where the site sends none")


def get_notices() -> Response:
    """Tell how your jobs tell of their end unless they say otherwise, and what signs your webhooks."""
    return json_answer(_body())


def put_notices() -> Response:
    """Say how your jobs are to tell of their end unless they say otherwise; what is left out tells nobody."""
    _change(read_body(Notify))
    return json_answer(_body())


def notices_page() -> Response:
    """Show how one's jobs tell of their end, with a form to change it."""
    return page("notices.html", notices=_body(), has_account=_account() is not None)


def change_notices_from_page() -> Response:
    """Change it by the form of the page."""
    given = {name: value for name in _WORDS if (value := request.form.get(name, "").strip())}
    try:
        wish = Notify.model_validate(given)
    except ValidationError as error:
        detail = f"This {error.errors()[0]['loc'][0]} address cannot be used. Go back and mend it."
        raise Problem(422, "invalid-body", detail) from error
    _change(wish)
    return to(url_for("notices_page"))


def told_of(document: JobDocument, who: Identity) -> dict[str, str] | None:
    """Return whom a new job tells: as it says itself, else as its owner wishes for all."""
    if document.notify is not None:
        return document.notify.model_dump(exclude_none=True) or None
    channels = services().settings.notices.channels
    if not channels:
        return None
    known = account_of(who)
    usual = known.notify if known and known.notify else {}
    return {name: to for name, to in usual.items() if name in channels} or None


def _body() -> NoticesBody:
    found, who = services(), identity()
    account, channels = _account(), found.settings.notices.channels
    usual = account.notify if account and account.notify else {}
    secret = user_secret(key_of(found.settings), who.user) if "webhook" in channels else None
    return NoticesBody.model_validate(
        {
            "channels": [name for name in _WORDS if name in channels],
            **{name: usual.get(name) for name in _WORDS},
            "secret": secret,
        }
    )


def _account() -> User | None:
    return services().store.user(identity().user)


def _change(wish: Notify) -> None:
    """Keep a user's wish.

    Raises:
        Problem: 409 for somebody without an account, 422 for a channel that the site does not have.
    """
    account, given = _account(), wish.model_dump(exclude_none=True)
    if account is None:
        raise Problem(409, "wrong-state", "You have no account to keep this with: say it in each job, as `notify`.")
    missing = [name for name in given if name not in services().settings.notices.channels]
    if missing:
        faults = [
            FaultBody(pointer=f"/{name}", detail=f"this site does not send any {_WORDS[name]}") for name in missing
        ]
        raise Problem(422, "invalid-body", faults[0].detail, errors=faults)
    services().store.change_user(replace(account, notify=given or None))


_API, _PAGE = "/api/v1/me/notices", "/account/notices"

OPERATIONS = (
    Operation("GET", _API, get_notices, "users", {200: Answer("As it is.", NoticesBody)}, scope="submit"),
    Operation(
        "PUT",
        _API,
        put_notices,
        "users",
        {200: Answer("As it is now.", NoticesBody)},
        (409, 413, 415, 422),
        body=Body(JSON, "whom your jobs tell", model=Notify),
    ),
    Operation("GET", _PAGE, notices_page, "pages", {200: Answer("The page.", media_type=HTML)}, scope="submit"),
    Operation(
        "POST",
        _PAGE,
        change_notices_from_page,
        "pages",
        {303: Answer("Done; the page shows it.", media_type=None, headers={"Location": "the page"})},
        (409, 422),
        body=Body(FORM, "`webhook`, `email`"),
    ),
)
