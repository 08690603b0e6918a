"""Sends a notice by HTTP, in the form of Standard Webhooks."""

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from lmsvc import __version__
from lmsvc.notices.destinations import Forbidden, connect
from lmsvc.notices.outcome import Outcome
from lmsvc.notices.secrets import signature

_GONE = 410
_LONGEST_WISH_SECONDS = 3600.0


@dataclass(frozen=True)
class Message:
    """What is sent: the id that every try has in common, and the body."""

    id: str
    body: bytes


def send(url: str, message: Message, secret: str, *, seconds: float, private: bool) -> Outcome:
    """Send a message once. Redirects are not followed.

    Args:
        url: where to.
        message: what.
        secret: signs it, see `user_secret`.
        seconds: how long it may take in all, besides looking up the name.
        private: whether private networks and this machine are allowed.
    """
    try:
        place = urlsplit(url)
        status, headers = _post(place, message, _headers(message, secret), seconds, private)
    except Forbidden as error:
        return Outcome(False, str(error), final=True)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Outcome(False, _why(error))
    if 200 <= status < 300:
        return Outcome(True, f"HTTP {status}")
    return Outcome(False, f"HTTP {status}", final=status == _GONE, pause_seconds=_wish(headers))


def _headers(message: Message, secret: str) -> dict[str, str]:
    now = int(time.time())
    return {
        "Content-Type": "application/json",
        "User-Agent": f"lmsvc/{__version__}",
        "webhook-id": message.id,
        "webhook-timestamp": str(now),
        "webhook-signature": signature(secret, message.id, now, message.body),
    }


def _post(
    place: SplitResult, message: Message, headers: Mapping[str, str], seconds: float, private: bool
) -> tuple[int, http.client.HTTPMessage]:
    secure, host = place.scheme == "https", place.hostname or ""
    connection = http.client.HTTPConnection(host, place.port or (443 if secure else 80))
    with contextlib.closing(connection):
        connection.sock = connect(host, connection.port, seconds, private=private)
        with _ended_in(connection, seconds):
            if secure:
                _secure(connection, host)
            target = (place.path or "/") + (f"?{place.query}" if place.query else "")
            connection.request("POST", target, message.body, {**headers, "Host": _host(place)})
            answer = connection.getresponse()
            return answer.status, answer.headers


def _host(place: SplitResult) -> str:
    return place.netloc.rpartition("@")[2]


def _secure(connection: http.client.HTTPConnection, host: str) -> None:
    context = ssl.create_default_context()
    assert connection.sock is not None
    secured = context.wrap_socket(connection.sock, server_hostname=host, do_handshake_on_connect=False)
    connection.sock = secured
    secured.do_handshake()


@contextlib.contextmanager
def _ended_in(connection: http.client.HTTPConnection, seconds: float) -> Iterator[None]:
    """End a connection after a time, however slowly its other side goes on."""

    def end() -> None:
        with contextlib.suppress(OSError):
            if connection.sock is not None:
                socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, http.client.HTTPException):
        return f"the answer is not HTTP, or broke off ({type(error).__name__})"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _wish(headers: http.client.HTTPMessage) -> float:
    """Return how long a receiver asks to be left alone, in seconds; dates are not understood."""
    text = headers.get("Retry-After", "")
    return min(float(text), _LONGEST_WISH_SECONDS) if text.isascii() and text.isdigit() else 0.0
