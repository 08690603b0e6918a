"""Bodies nobody read: a client that is still sending must be able to read the refusal."""

import contextlib
import time

from flask import Flask, Response, request

MOST_BYTES = 32_000_000
MOST_SECONDS = 5.0
PIECE_BYTES = 1 << 18


def install(app: Flask) -> None:
    """Take in what is left of a request's body before it is answered, up to a bound; beyond it the server hangs up."""
    app.after_request(_finish)


def _finish(response: Response) -> Response:
    if request.method in ("POST", "PUT", "PATCH") and request.environ.get("wsgi.input_terminated"):
        _drain()
    return response


def _drain() -> None:
    stream, taken, end = request.environ["wsgi.input"], 0, time.monotonic() + MOST_SECONDS
    with contextlib.suppress(OSError, ValueError):
        while taken < MOST_BYTES and time.monotonic() < end:
            piece = stream.read(PIECE_BYTES)
            if not piece:
                return
            taken += len(piece)
