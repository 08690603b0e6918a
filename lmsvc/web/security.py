"""What every answer carries, and what keeps other sites from using a visitor's browser against the service."""

import ipaddress
import secrets
import time
from urllib.parse import urlsplit

from flask import Flask, Response, g, request

from lmsvc.settings import Settings
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


def install(app: Flask, settings: Settings) -> None:
    """Number every request, refuse what other sites ask for, and protect every answer."""
    app.before_request(_begin)
    if settings.token_file is None:
        names = own_names(settings)
        app.before_request(lambda: _refuse_other_names(names))
    app.before_request(_refuse_other_sites)
    app.after_request(_protect)


def own_names(settings: Settings) -> frozenset[str]:
    """Return the names, in small letters, by which a service that asks for no token may be called."""
    public = _name_of(urlsplit(settings.public_url).netloc)
    names = ("localhost", settings.host, *settings.server_names, public)
    return frozenset(name.lower().rstrip(".") for name in names if name)


def _begin() -> None:
    g.request_id = secrets.token_hex(8)
    g.began = time.monotonic()


def _refuse_other_names(names: frozenset[str]) -> None:
    """Refuse a request by a name that is not ours, where who reaches the service is let in.

    Another site can let its name lead to this machine, and its pages would be pages of ours to a browser. No name
    leads to an address, so addresses are good as they are.
    """
    name = _name_of(request.host)
    if name not in names and not _is_address(name):
        detail = (
            f"The service is not called {name[:80]!r}. Use its address, http://127.0.0.1:PORT on its own machine,"
            " or name it in the setting `server_names`."
        )
        raise Problem(421, "wrong-host", detail)


def _name_of(host: str) -> str:
    """Return the host of `host:port` in small letters, an IPv6 address without its brackets."""
    name, colon, port = host.rpartition(":")
    name = name if colon and port.isdecimal() else host
    return name.removeprefix("[").removesuffix("]").lower().rstrip(".")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


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
