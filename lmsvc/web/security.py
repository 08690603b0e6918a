"""What every answer carries, and what keeps other sites from using a visitor's browser against the service."""

import secrets
import time
from urllib.parse import urlsplit

from flask import Flask, Response, g, request

from lmsvc.web.problems import Problem

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

_HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})


def install(app: Flask) -> None:
    """Number every request, refuse changes asked for by other sites, and protect every answer."""
    app.before_request(_begin)
    app.before_request(_refuse_other_sites)
    app.after_request(_protect)


def _begin() -> None:
    g.request_id = secrets.token_hex(8)
    g.began = time.monotonic()


def _refuse_other_sites() -> None:
    """Let a browser change things only for pages of this service; other programs send neither header."""
    if request.method in _HARMLESS:
        return
    site = request.headers.get("Sec-Fetch-Site", "none")
    origin = request.headers.get("Origin")
    if site not in ("none", "same-origin") or (origin is not None and _host(origin) != request.host):
        raise Problem(403, "cross-site", "A page of another site asked a browser to change something here.")


def _host(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _protect(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Request-Id"] = g.get("request_id", "")
    return response
