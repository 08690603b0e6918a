"""Reading the bodies of uploads: in pieces, with checksums on the way, never more than is allowed."""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from flask import request
from werkzeug.exceptions import ClientDisconnected

from lmsvc.web.file_names import name_fault
from lmsvc.web.problems import Problem
from lmsvc.web.quotas import require_bytes
from lmsvc.web.room import require_room
from lmsvc.web.services import services
from lmsvc.web.transfers import Digest

PIECE_BYTES = 1 << 18
LOOK_AT_DISK_EVERY_BYTES = 64_000_000
SILENCE_SECONDS = 120.0
MAX_RECEIVERS = 16

_places = threading.BoundedSemaphore(MAX_RECEIVERS)


@dataclass(frozen=True)
class Arrived:
    """What came of a body: its bytes, and whether that is all of it."""

    size: int
    whole: bool


def receive(stream: IO[bytes], digests: Sequence[Digest], most: int) -> Arrived:
    """Write the request's body to a stream and into digests.

    Args:
        stream: gets the bytes as they come; what came of a body that broke off is in it as well.
        digests: get the same bytes.
        most: bytes the body may have.

    Raises:
        Problem: 413, 503 where too many are being received, 507.
    """
    body, looked = _Body(), 0
    with _place(), _patience():
        for piece in body:
            if body.size > most:
                raise too_large(most)
            stream.write(piece)
            for digest in digests:
                digest.update(piece)
            if body.size - looked > LOOK_AT_DISK_EVERY_BYTES:
                looked = body.size
                require_room()
    return Arrived(body.size, body.whole)


def require_acceptable(size: int) -> None:
    """Refuse an upload that is too large, is more than its user may have, or for which there is no room.

    Raises:
        Problem: 403, 413 or 507.
    """
    require_fitting(size)
    require_bytes(size)


def require_fitting(size: int) -> None:
    """Refuse what is too large, whoever sends it, or for which there is no room.

    Raises:
        Problem: 413 or 507.
    """
    limit = services().settings.limits.upload_bytes
    if size > limit:
        raise too_large(limit)
    require_room(size)


def require_good_name(name: str) -> None:
    """Refuse a name that no file here may have.

    Raises:
        Problem: 400.
    """
    fault = name_fault(name)
    if fault:
        raise Problem(400, "invalid-name", f"The file name {fault}.")


def too_large(limit: int) -> Problem:
    """Return the answer to a body with too many bytes."""
    return Problem(413, "too-large", f"At most {limit} bytes can be taken here.")


def truncated(kept: int = 0) -> Problem:
    """Return the answer, should anybody still listen, to a body that broke off."""
    what = f"{kept} bytes are kept; go on after them." if kept else "Nothing of it is kept."
    return Problem(400, "truncated-upload", f"The connection ended before the whole body had arrived. {what}")


class _Body:
    """The request's body in pieces; `whole` tells afterwards whether it came to its end."""

    def __init__(self) -> None:
        self.size, self.whole = 0, False

    def __iter__(self) -> Iterator[bytes]:
        try:
            while piece := request.stream.read(PIECE_BYTES):
                self.size += len(piece)
                yield piece
        except (ClientDisconnected, OSError):
            return
        self.whole = request.content_length in (None, self.size)


@contextlib.contextmanager
def _place() -> Iterator[None]:
    """Hold one of the threads that may read slow bodies; the others are for quick answers."""
    if not _places.acquire(blocking=False):
        detail = f"{MAX_RECEIVERS} uploads are on their way already; try again soon."
        raise Problem(503, "unavailable", detail, headers={"Retry-After": "2"})
    try:
        yield
    finally:
        _places.release()


@contextlib.contextmanager
def _patience() -> Iterator[None]:
    """Give a sender up that is silent for long, where the server lets us see the connection."""
    connection = request.environ.get("gunicorn.socket")
    if connection is None:
        yield
        return
    connection.settimeout(SILENCE_SECONDS)
    try:
        yield
    finally:
        connection.settimeout(None)
