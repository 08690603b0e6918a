"""The one token of a cluster: who has it may do everything, who has not may do nothing.

Programs send it as `Authorization: Bearer TOKEN`; browsers ask for a password by themselves and send it as Basic.
"""

import hashlib
import hmac
import logging
import threading
from collections.abc import Collection, Mapping
from pathlib import Path

from flask import Flask, request

from lmsvc.web.problems import Problem

SCHEMES: Mapping[str, Mapping[str, str]] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "the service's token"},
    "basic": {"type": "http", "scheme": "basic", "description": "the token as password; any user name"},
}
CHALLENGE = 'Basic realm="lmsvc", Bearer realm="lmsvc"'

_log = logging.getLogger(__name__)


class TokenFile:
    """The token in a file, read again when the file changes; only its hash is kept."""

    def __init__(self, path: Path) -> None:
        """Read from this file; nothing is read yet."""
        self._path = path
        self._lock = threading.Lock()
        self._held: tuple[tuple[int, ...], bytes] | None = None

    def accepts(self, token: str) -> bool:
        """Return whether this is the token, in a time that tells nothing about it.

        Raises:
            OSError: the file cannot be read.
            ValueError: there is no token in it.
        """
        return hmac.compare_digest(self._expected(), _hash(token))

    def _expected(self) -> bytes:
        facts = self._path.stat()
        version = (facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns)
        with self._lock:
            if self._held is None or self._held[0] != version:
                self._held = (version, _hash(self._read()))
            return self._held[1]

    def _read(self) -> str:
        token = self._path.read_text(encoding="utf-8").strip()
        if not token:
            raise ValueError(f"{self._path} is empty")
        return token


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def install(app: Flask, path: Path, public: Collection[str]) -> None:
    """Ask every request for the token in a file, except those for the views named `public`."""
    held = TokenFile(path)

    def require() -> None:
        if request.endpoint not in public:
            _require(held)

    app.before_request(require)


def _require(held: TokenFile) -> None:
    """Refuse the request unless it brings the token; refuse every request while the token is not known.

    Raises:
        Problem: 401 or 503.
    """
    token = _given()
    try:
        accepted = token is not None and held.accepts(token)
    except (OSError, ValueError) as error:
        _log.error("the token file cannot be used, every request is refused: %s", error)
        detail = "The service cannot read its own token. Its operator finds the reason in its log."
        raise Problem(503, "unavailable", detail, headers={"Retry-After": "5"}) from error
    if not accepted:
        raise Problem(401, "unauthorized", _advice(token), headers={"WWW-Authenticate": CHALLENGE})


def _given() -> str | None:
    """Return the token of the request: a Bearer's, or a Basic's password, whose user name is not looked at."""
    sent = request.authorization
    if sent is None:
        return None
    return sent.token if sent.type == "bearer" else sent.password if sent.type == "basic" else None


def _advice(token: str | None) -> str:
    how = "Send the header `Authorization: Bearer TOKEN`; in a browser give the token as password, with any user name."
    return f"This service asks for a token. {how}" if token is None else f"This is not the service's token. {how}"
