"""Signing secrets of webhooks: one per user, all made from one key of the site."""

import base64
import contextlib
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from lmsvc.paths import DataPaths
from lmsvc.settings import Settings

_PREFIX = "whsec_"
_KEY_BYTES = 32


def key_of(settings: Settings) -> bytes:
    """Return the site's key: from the file that the settings name, or from one of the service's own.

    Raises:
        OSError: that file cannot be read.
        ValueError: it holds less than a key.
    """
    named = settings.notices.key_file
    if named is None:
        return site_key(DataPaths(settings.data_dir).notices_key)
    key = named.read_bytes().strip()
    if len(key) < _KEY_BYTES:
        raise ValueError(f"{named} holds {len(key)} bytes, which can be guessed; write {_KEY_BYTES} or more")
    return key


def site_key(path: Path) -> bytes:
    """Return the service's own key; it is made where there is none yet, by whichever process comes first.

    Args:
        path: its file, readable by the owner only.
    """
    with contextlib.suppress(FileNotFoundError):
        return path.read_bytes()
    partial = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(_KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(partial, path)
    partial.unlink()
    return path.read_bytes()


def user_secret(key: bytes, user: str) -> str:
    """Return the secret with which messages about a user's jobs are signed, as Standard Webhooks write it."""
    return _PREFIX + base64.b64encode(hmac.digest(key, b"webhook\0" + user.encode(), hashlib.sha256)).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of the header `webhook-signature`.

    Args:
        secret: as `user_secret` returns it.
        message_id: value of `webhook-id`.
        timestamp: value of `webhook-timestamp`, epoch seconds.
        body: the bytes that are sent.
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
