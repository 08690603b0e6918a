"""Work Queue passwords of pools: told apart without being told. Standard library alone."""

import hashlib
from pathlib import Path

_DIGITS = 16


def fingerprint(path: Path) -> str:
    """Return what tells the password in a file from others; it says nothing of a password made by chance.

    Raises:
        OSError: the file cannot be read.
    """
    password = path.read_bytes().strip()
    return hashlib.sha256(b"lmsvc-pool:" + password).hexdigest()[:_DIGITS]
