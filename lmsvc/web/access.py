"""Who asks, and what they may do.

Without a token file there is one user, who is administrator. With one, every request needs a token, a browser's session
that began with one, or, to read one job, its share link.
"""

import contextlib
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from flask import Flask, Response, g, request, url_for

from lmsvc.settings import Settings
from lmsvc.store.accounts_records import SCOPES, Bearer, User
from lmsvc.store.accounts_secrets import hash_of
from lmsvc.store.errors import StoreError
from lmsvc.web import sessions
from lmsvc.web.operations import Operation
from lmsvc.web.problems import Problem, not_found, wants_page
from lmsvc.web.rates import Rates
from lmsvc.web.services import services
from lmsvc.web.tokens import TokenFile, sent_token

CHALLENGE = 'Bearer realm="lmsvc"'
SAME_FOR_ALL = ("/static/", "/healthz")
NOTE_USE_SECONDS = 60.0

_HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})
_HOW = "Send the header `Authorization: Bearer TOKEN`, or sign in at /sign-in."


@dataclass(frozen=True)
class Identity:
    """Who asks.

    Attributes:
        user: owner of what the request makes; empty for somebody who only has a share link.
        admin: sees and changes what is everybody's.
        scopes: what the token may be used for, some of `SCOPES`.
        shared_job: the job that this request may read by a share link.
        by: what the identity rests on.
        expires: when the token does, epoch s; None: never.
        account: the user as stored, where the token is one of theirs.
    """

    user: str
    admin: bool = False
    scopes: frozenset[str] = frozenset()
    shared_job: str | None = None
    by: Literal["nothing", "machine", "token", "session"] = "nothing"
    expires: float | None = None
    account: User | None = None

    @property
    def only(self) -> str | None:
        """Return the user whose jobs and uploads alone this request may see, None where it may see all."""
        return None if self.admin else self.user

    def owns(self, owner: str) -> bool:
        """Whether the request may see, and within its scopes change, what this user owns."""
        return self.admin or (bool(self.user) and owner == self.user)

    def may(self, scope: str) -> bool:
        """Whether the request may do what needs a scope."""
        return self.admin if scope == "admin" else scope in self.scopes


NOBODY = Identity("")


def identity() -> Identity:
    """Return who asks."""
    found = g.get("identity", NOBODY)
    assert isinstance(found, Identity)
    return found


def account_of(who: Identity) -> User | None:
    """Return the account of somebody, as it was when they were let in. The machine's own user may have one as well."""
    return who.account or services().store.user(who.user)


class Access:
    """Admits requests to the operations of one application."""

    def __init__(self, settings: Settings, operations: Iterable[Operation]) -> None:
        """Know the operations by name."""
        self._user = settings.user
        self._file = TokenFile(settings.token_file) if settings.token_file else None
        self._operations = {operation.name: operation for operation in operations}
        self._rates = Rates(settings.rates)

    @property
    def guarded(self) -> bool:
        """Whether the service asks who is there."""
        return self._file is not None

    def admit(self) -> Response | None:
        """Find out who asks; refuse what they may not do, or send a browser to sign in.

        Raises:
            Problem: 401, 403, 404 for other people's jobs, 429, 503.
        """
        operation = self._operations.get(request.endpoint or "")
        if operation is not None and operation.public and operation.path.startswith(SAME_FOR_ALL):
            return None
        g.identity = self._identify()
        self._require_form(operation)
        if operation is not None and operation.public:
            return None
        shared = self._admit_to_job((request.view_args or {}).get("job_id"))
        if not shared and g.identity.by == "nothing":
            return self._ask()
        if not shared:
            _require_scope(operation.needs if operation else "read")
        if self.guarded and not g.identity.admin:
            self._rates.note_user(g.identity.user or f"share of {g.identity.shared_job}")
        return None

    def still_admits(self, job_id: str) -> bool:
        """Return whether the request, admitted long ago, may still read a job; what let it in is looked up anew."""
        try:
            g.identity = self._identify()
            return self._admit_to_job(job_id) or g.identity.may("read")
        except Problem:
            return False

    def by_hash(self, hashed: str) -> Identity | None:
        """Return whose token has this hash; None where it is nobody's.

        Raises:
            Problem: 503 while the service's own token is not known.
        """
        assert self._file is not None
        if self._file.holds(hashed):
            return Identity(self._user, admin=True, scopes=frozenset(SCOPES), by="token")
        found = services().store.bearer(hashed, time.time())
        if found is None:
            return None
        _note_use(found)
        scopes = frozenset(found.token.scopes)
        admin = found.user.admin and "admin" in scopes
        return Identity(found.token.user, admin, scopes, by="token", expires=found.token.expires, account=found.user)

    def refuse(self, detail: str) -> Problem:
        """Return the answer to a wrong token; 429 where one address sends many."""
        self.note_failure()
        return Problem(401, "unauthorized", f"{detail} {_HOW}", headers={"WWW-Authenticate": CHALLENGE})

    def note_failure(self) -> None:
        """Count a secret that is wrong.

        Raises:
            Problem: 429 where one address sends many.
        """
        self._rates.note_failure(request.remote_addr or "")

    def _identify(self) -> Identity:
        if self._file is None:
            return Identity(self._user, admin=True, scopes=frozenset(SCOPES), by="machine")
        token = sent_token()
        if token is not None:
            return self._by_token(token)
        session = sessions.current()
        began_with = services().store.session_token(hash_of(session), time.time()) if session else None
        found = self.by_hash(began_with) if began_with else None
        return replace(found, by="session") if found else NOBODY

    def _by_token(self, token: str) -> Identity:
        found = self.by_hash(hash_of(token))
        if found is not None:
            return found
        if token and services().store.share_by(token, time.time()):
            g.share_secret = token
            return NOBODY
        raise self.refuse("This token is unknown here, expired or revoked.")

    def _require_form(self, operation: Operation | None) -> None:
        """Want the token of our own forms where a browser's cookies, or its place, are what lets it in."""
        by, page = identity().by, operation is not None and operation.tag == "pages"
        asked_to_sign_in = by == "nothing" and not (operation and operation.public)
        if request.method in _HARMLESS or by == "token" or asked_to_sign_in:
            return
        if by == "session" or page:
            sessions.require_form_token()

    def _admit_to_job(self, job_id: str | None) -> bool:
        """Return whether a share link is what lets the request in.

        Raises:
            Problem: 404 for a job of others, as for one that is not there.
        """
        if job_id is None or g.identity.admin:
            return False
        owner = services().store.owner(job_id)
        if owner is not None and g.identity.owns(owner):
            return False
        secret = g.get("share_secret") or sessions.share_secret(job_id)
        share = services().store.share_by(secret, time.time()) if secret else None
        if share is not None and share.job_id == job_id and request.method in _HARMLESS:
            g.identity = replace(g.identity, shared_job=job_id)
            return True
        if g.identity.by == "nothing":
            return False
        raise not_found(f"There is no job {job_id}.")

    def _ask(self) -> Response:
        """Send a browser to the page to sign in; tell a program what to send."""
        part = {"HX-Redirect": url_for("sign_in_page")} if "HX-Request" in request.headers else {}
        if request.method not in _HARMLESS or part or not wants_page():
            self._rates.note_address(request.remote_addr or "")
            headers = {"WWW-Authenticate": CHALLENGE, **part}
            raise Problem(401, "unauthorized", f"This service asks for a token. {_HOW}", headers=headers)
        if sessions.from_other_site():
            return sessions.come_again(sessions.this_address())
        return Response(status=303, headers={"Location": url_for("sign_in_page", next=sessions.this_address())})


def _require_scope(scope: str) -> None:
    if not identity().may(scope):
        who = "an administrator's token" if scope == "admin" else f"a token with the scope `{scope}`"
        raise Problem(403, "forbidden", f"This needs {who}.")


def _note_use(found: Bearer) -> None:
    """Remember when a token was used, to the minute; that no answer fails for."""
    now = time.time()
    if now - (found.token.last_used or 0.0) > NOTE_USE_SECONDS:
        with contextlib.suppress(StoreError):
            services().store.note_use(found.token.id, now)


def install(app: Flask, settings: Settings, operations: Iterable[Operation]) -> Access:
    """Ask of every request who it is from; let templates say who is signed in."""
    access = Access(settings, operations)
    app.extensions["lmsvc.access"] = access
    app.before_request(access.admit)
    app.context_processor(lambda: {"me": identity(), "guarded": access.guarded})
    sessions.install(app)
    return access
