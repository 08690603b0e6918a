"""Cookies: a browser's session, the secret behind its forms, the links it was given."""

import hashlib
import hmac
import re
import secrets
from urllib.parse import quote

from flask import Flask, Response, g, render_template, request
from markupsafe import Markup

from lmsvc.web.problems import Problem
from lmsvc.web.services import services

FIELD = "csrf_token"
HEADER = "X-CSRF-Token"
DAY_SECONDS = 86_400

_SESSION, _FORMS, _SHARE = "lmsvc_session", "lmsvc_forms", "lmsvc_share_"
_SECRET = re.compile(r"[A-Za-z0-9_-]{20,100}")
_OWN_ADDRESS = re.compile(r"/(?![/\\])[!-~]{0,299}")


def install(app: Flask) -> None:
    """Let templates protect their forms."""
    app.template_global(FIELD)(form_token)
    app.template_global("csrf_field")(form_field)
    app.after_request(_keep_forms)


def current() -> str | None:
    """Return the secret of this browser's session, None where it has none."""
    return _cookie(_SESSION)


def begin(response: Response) -> str:
    """Give a browser a session; return its secret."""
    secret = secrets.token_urlsafe(32)
    _set(response, _SESSION, secret, services().settings.session_days * DAY_SECONDS)
    return secret


def end(response: Response) -> None:
    """Take a browser's session away."""
    _set(response, _SESSION, "", 0)


def give_share(response: Response, job_id: str, secret: str, seconds: float) -> None:
    """Let a browser read a shared job."""
    _set(response, _SHARE + job_id, secret, seconds)


def share_secret(job_id: str) -> str | None:
    """Return the secret by which this browser may read a job."""
    return _cookie(_SHARE + job_id)


def form_token() -> str:
    """Return what proves that a form is one of our pages in this browser."""
    return _derived(_form_secret() or _new_form_secret())


def form_field() -> Markup:
    """Return the hidden field that every form has."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, form_token())


def require_form_token() -> None:
    """Refuse what no page of ours in this browser asked for.

    Raises:
        Problem: 403.
    """
    given = request.headers.get(HEADER) or request.form.get(FIELD, "")
    secret = _form_secret()
    if secret is None or not hmac.compare_digest(_derived(secret).encode(), given.encode(errors="replace")):
        raise Problem(403, "stale-form", "Go back, load the page again, and send it once more.")


def from_other_site() -> bool:
    """Whether a page of another site led here: then a browser keeps our cookies back."""
    return request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")


def own_address(text: str) -> str:
    """Return an address of this service as it is, and the first page for anything else."""
    return text if _OWN_ADDRESS.fullmatch(text) else "/"


def this_address() -> str:
    """Return the address that is asked for, without scheme and host."""
    query = request.query_string.decode("latin-1")
    return own_address(quote(request.path) + (f"?{query}" if query else ""))


def come_again(address: str) -> Response:
    """Let our own page lead to an address, so that the browser sends our cookies there."""
    return Response(render_template("come_again.html", address=address), content_type="text/html; charset=utf-8")


def _form_secret() -> str | None:
    return current() or _cookie(_FORMS)


def _new_form_secret() -> str:
    if "form_secret" not in g:
        g.form_secret = secrets.token_urlsafe(32)
    return str(g.form_secret)


def _derived(secret: str) -> str:
    return hmac.new(secret.encode(), b"form", hashlib.sha256).hexdigest()


def _keep_forms(response: Response) -> Response:
    if "form_secret" in g:
        _set(response, _FORMS, g.form_secret, None)
    return response


def _cookie(name: str) -> str | None:
    value = request.cookies.get(_named(name), "")
    return value if _SECRET.fullmatch(value) else None


def _named(name: str) -> str:
    """Return a cookie's name; behind https one that only we can have set."""
    return f"__Host-{name}" if request.is_secure else name


def _set(response: Response, name: str, value: str, seconds: float | None) -> None:
    age = None if seconds is None else int(seconds)
    secure = request.is_secure
    response.set_cookie(_named(name), value, max_age=age, secure=secure, httponly=True, samesite="Strict", path="/")
