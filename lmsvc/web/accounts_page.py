"""The page of one's own account: what one may have and has, and one's tokens."""

from flask import Response, request, url_for
from pydantic import ValidationError

from lmsvc.store.accounts_records import Token
from lmsvc.web.access import account_of, identity
from lmsvc.web.accounts import new_token
from lmsvc.web.accounts_bodies import MadeTokenBody, NewTokenBody
from lmsvc.web.operations import Answer, Body, Operation
from lmsvc.web.pages.rendering import HTML, page, to
from lmsvc.web.problems import Problem
from lmsvc.web.quotas import quota_of, used_bytes, used_jobs
from lmsvc.web.room import disk_share
from lmsvc.web.services import services
from lmsvc.web.signin import FORM


def account_page() -> Response:
    """Show who is signed in, with quota and tokens."""
    return _shown(None)


def make_token_from_page() -> Response:
    """Make a token by the form of the page, which shows it this one time."""
    return _shown(new_token(identity().user, _asked()))


def revoke_token_from_page(token: str) -> Response:
    """Make a token worthless by a button of the page."""
    services().store.revoke_token(token, identity().user)
    return to(url_for("account_page"))


def _asked() -> NewTokenBody:
    form = request.form
    facts = {"name": form.get("name", ""), "scopes": form.getlist("scope"), "days": form.get("days") or None}
    try:
        return NewTokenBody.model_validate(facts)
    except ValidationError as error:
        raise Problem(422, "invalid-body", "; ".join(fault["msg"] for fault in error.errors())) from error


def _shown(made: MadeTokenBody | None) -> Response:
    who, store = identity(), services().store
    tokens: tuple[Token, ...] = store.tokens(who.user)
    size = used_bytes(who.user)
    return page(
        "account.html",
        made=made,
        tokens=tokens,
        has_account=account_of(who) is not None,
        quota=quota_of(who),
        jobs=used_jobs(who.user),
        bytes=size,
        share=disk_share(size),
    )


_PAGE = {200: Answer("The page.", media_type=HTML)}

OPERATIONS = (
    Operation("GET", "/account", account_page, "pages", _PAGE),
    Operation(
        "POST",
        "/account/tokens",
        make_token_from_page,
        "pages",
        _PAGE,
        (404, 422),
        body=Body(FORM, "`name`, `scope` (several), `days`"),
        scope="read",
    ),
    Operation(
        "POST",
        "/account/tokens/{token}/revoke",
        revoke_token_from_page,
        "pages",
        {303: Answer("Done; the page shows it.", media_type=None, headers={"Location": "the page"})},
        (404,),
        scope="read",
    ),
)
