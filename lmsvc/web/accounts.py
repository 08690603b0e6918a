"""Users and their tokens: everybody's own, and all of them for administrators."""

import time
from dataclasses import asdict

from flask import Response

from lmsvc.store.accounts_records import SCOPES, User
from lmsvc.store.accounts_secrets import DAY_SECONDS, issue
from lmsvc.web.access import identity
from lmsvc.web.accounts_bodies import (
    MadeTokenBody,
    MeBody,
    NewTokenBody,
    QuotaBody,
    TokenBody,
    TokensPage,
    UsedBody,
    UserBody,
    UserChange,
    UsersPage,
)
from lmsvc.web.answers import json_answer
from lmsvc.web.json_bodies import read_body
from lmsvc.web.operations import JSON, Answer, Body, Operation
from lmsvc.web.problems import Problem, not_found
from lmsvc.web.quotas import quota_of, used_bytes, used_jobs
from lmsvc.web.room import disk_share
from lmsvc.web.services import services


def get_me() -> Response:
    """Tell who asks: the user, what the token is good for, what the user may have and has."""
    who = identity()
    quota = QuotaBody(**asdict(quota_of(who)))
    size = used_bytes(who.user)
    used = UsedBody(jobs=used_jobs(who.user), bytes=size, disk_share=disk_share(size))
    scopes = [scope for scope in SCOPES if scope in who.scopes]
    body = {"user": who.user, "admin": who.admin, "scopes": scopes, "quota": quota, "used": used}
    return json_answer(MeBody.model_validate(body))


def list_users() -> Response:
    """List the users."""
    return json_answer(UsersPage(users=[UserBody.of(user) for user in services().store.users()]))


def get_user(user: str) -> Response:
    """Describe a user."""
    return json_answer(UserBody.of(_user_or_404(user)))


def put_user(user: str) -> Response:
    """Make a user, or change one.

    What the body does not name stays as it is. A disabled user's tokens are worth nothing.
    """
    change, store = read_body(UserChange), services().store
    known = store.user(user)
    made = change.applied(known or User(user, created=time.time()))
    if known is None and not store.add_user(made):
        raise Problem(409, "wrong-state", "Somebody makes this user just now.")
    if known is not None:
        store.change_user(made)
    return json_answer(UserBody.of(made), 200 if known else 201)


def list_tokens(user: str) -> Response:
    """List the tokens of a user: your own, or as an administrator anybody's."""
    _require_own(user)
    return json_answer(TokensPage(tokens=[TokenBody.of(token) for token in services().store.tokens(user)]))


def make_token(user: str) -> Response:
    """Make a token for a user: for yourself, or as an administrator for anybody.

    It is good for no more, and for no longer, than the token that asks for it, unless an administrator asks.
    """
    _require_own(user)
    return json_answer(new_token(user, read_body(NewTokenBody)), 201)


def revoke_token(user: str, token: str) -> Response:
    """Make a token worthless, and every session that began with it."""
    _require_own(user)
    if not services().store.revoke_token(token, user):
        raise not_found("There is no such token.")
    return Response(status=204)


def new_token(user: str, asked: NewTokenBody) -> MadeTokenBody:
    """Make a token as asked for.

    Raises:
        Problem: 403 where it would be good for more than the one in use, 404 where there is no such user.
    """
    who, now = identity(), time.time()
    beyond = sorted(set(asked.scopes) - who.scopes)
    if beyond and not who.admin:
        raise Problem(403, "forbidden", f"Your own token is not good for {', '.join(beyond)}.")
    days = _days(asked.days, None if who.admin else who.expires, now)
    made = issue(services().store, user, now, name=asked.name, scopes=asked.scopes, days=days)
    if made is None:
        raise not_found(f"There is no user {user}.")
    token, text = made
    return MadeTokenBody.model_validate({**TokenBody.of(token).model_dump(), "token": text})


def _days(asked: float | None, until: float | None, now: float) -> float | None:
    left = None if until is None else (until - now) / DAY_SECONDS
    known = [days for days in (asked, left) if days is not None]
    return min(known) if known else None


def _require_own(user: str) -> None:
    if not identity().owns(user):
        raise not_found(f"There is no user {user}.")


def _user_or_404(name: str) -> User:
    user = services().store.user(name)
    if user is None:
        raise not_found(f"There is no user {name}.")
    return user


_USER = "/api/v1/users/{user}"
_TOKENS = f"{_USER}/tokens"

OPERATIONS = (
    Operation("GET", "/api/v1/me", get_me, "users", {200: Answer("You.", MeBody)}),
    Operation("GET", "/api/v1/users", list_users, "users", {200: Answer("All users.", UsersPage)}, scope="admin"),
    Operation("GET", _USER, get_user, "users", {200: Answer("The user.", UserBody)}, (404,), scope="admin"),
    Operation(
        "PUT",
        _USER,
        put_user,
        "users",
        {200: Answer("Changed.", UserBody), 201: Answer("Made.", UserBody)},
        (404, 409, 413, 415, 422),
        body=Body(JSON, "what is to change", model=UserChange),
        scope="admin",
    ),
    Operation("GET", _TOKENS, list_tokens, "users", {200: Answer("The tokens.", TokensPage)}, (404,)),
    Operation(
        "POST",
        _TOKENS,
        make_token,
        "users",
        {201: Answer("Made.", MadeTokenBody)},
        (403, 404, 413, 415, 422),
        body=Body(JSON, "the token to be made", model=NewTokenBody),
        scope="read",
    ),
    Operation(
        "DELETE",
        f"{_TOKENS}/{{token}}",
        revoke_token,
        "users",
        {204: Answer("Gone.", media_type=None)},
        (404,),
        scope="read",
    ),
)
