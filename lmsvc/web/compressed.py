"""Texts that are the same for everybody, compressed once, for clients that take them so.

Nothing that holds a secret is compressed here: how long it becomes would tell of the secret.
"""

import gzip
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from flask import Response, request

SUFFIXES = frozenset({".css", ".js", ".json", ".svg", ".txt"})
LEAST_BYTES = 1000
"""Of shorter texts the answer's head is most anyway."""


def file_response(path: Path, mimetype: str | None, headers: Mapping[str, str]) -> Response:
    """Return a file as the client takes it: a text compressed where it can be, anything else as it is."""
    facts = path.stat()
    if path.suffix not in SUFFIXES or facts.st_size < LEAST_BYTES:
        return Response(path.read_bytes(), mimetype=mimetype, headers=dict(headers))
    varying = {**headers, "Vary": "Accept-Encoding"}
    if request.accept_encodings["gzip"] > 0:
        varying["Content-Encoding"] = "gzip"
        return Response(_compressed(path, facts.st_mtime_ns), mimetype=mimetype, headers=varying)
    return Response(path.read_bytes(), mimetype=mimetype, headers=varying)


@lru_cache(maxsize=64)
def _compressed(path: Path, modified_ns: int) -> bytes:
    """Return a file's content compressed; that is done again when it was modified."""
    del modified_ns
    return gzip.compress(path.read_bytes(), 9, mtime=0)
