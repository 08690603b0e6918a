"""Tokens as requests bring them, and the one token in a file that is an administrator's.

Programs send a token as `Authorization: Bearer TOKEN`, or as the password of Basic.
"""

import hmac
import logging
import threading
from collections.abc import Mapping
from pathlib import Path

from flask import request

from lmsvc.store.accounts_secrets import hash_of
from lmsvc.web.problems import Problem

SCHEMES: Mapping[str, Mapping[str, str]] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "a token"},
    "basic": {"type": "http", "scheme": "basic", "description": "a token as password; any user name"},
}

_log = logging.getLogger(__name__)


class TokenFile:
    """The token in a file, read again when the file changes; only its hash is kept."""

    def __init__(self, path: Path) -> None:
        """Read from this file; nothing is read yet."""
        self._path = path
        self._lock = threading.Lock()
        self._held: tuple[tuple[int, ...], str] | None = None

    def holds(self, hashed: str) -> bool:
        """Return whether this is the hash of the token, in a time that tells nothing about it.

        Raises:
            Problem: 503 while the token is not known.
        """
        try:
            return hmac.compare_digest(self._expected(), hashed)
        except (OSError, ValueError) as error:
            _log.error("the token file cannot be used, every request is refused: %s", error)
            detail = "The service cannot read its own token. Its operator finds the reason in its log."
            raise Problem(503, "unavailable", detail, headers={"Retry-After": "5"}) from error

    def _expected(self) -> str:
        facts = self._path.stat()
        version = (facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns)
        with self._lock:
            if self._held is None or self._held[0] != version:
                self._held = (version, hash_of(self._read()))
            return self._held[1]

    def _read(self) -> str:
        token = self._path.read_text(encoding="utf-8").strip()
        if not token:
            raise ValueError(f"{self._path} is empty")
        return token


def sent_token() -> str | None:
    """Return the token of the request: a Bearer's, or a Basic's password, whose user name is not looked at.

    An empty text stands for a header that holds none.
    """
    if "Authorization" not in request.headers:
        return None
    sent = request.authorization
    if sent is None:
        return ""
    return (sent.token if sent.type == "bearer" else sent.password if sent.type == "basic" else None) or ""
