"""A part at the end of what has arrived, and the step from the last part to an upload."""

import contextlib
import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from flask import request

from lmsvc.web.contents import Received, keep
from lmsvc.web.problems import Problem
from lmsvc.web.receiving import receive, too_large, truncated
from lmsvc.web.services import services
from lmsvc.web.transfers import Transfer
from lmsvc.web.turns import StillBusy
from lmsvc.web.tus import Checksum, checksum

CHECKSUM_MISMATCH = 460
NO_ROOM = 507


@contextlib.contextmanager
def turn(transfer: str) -> Iterator[None]:
    """Be the only request at work on a transfer; hang up on the one before, whose connection may be long dead.

    Raises:
        Problem: 423 where that one does not end.
    """
    connection = request.environ.get("gunicorn.socket")
    try:
        with services().transfers.turns.hold(transfer, partial(_hang_up, connection)):
            yield
    except StillBusy as error:
        detail = "Another request is sending a part of this upload; try again soon."
        raise Problem(423, "busy", detail, headers={"Retry-After": "2"}) from error


def _hang_up(connection: socket.socket | None) -> None:
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RD)


def append_next(transfer: Transfer, offset: int) -> Transfer:
    """Add the request's body as the part that begins at `offset`; return the transfer, whole where it was the last.

    Raises:
        Problem: 400, 409, 413, 460, 503 or 507.
    """
    have = services().transfers.offset(transfer)
    if offset != have:
        raise Problem(409, "wrong-offset", f"{have} bytes have arrived; the next part begins there, not at {offset}.")
    if offset + (request.content_length or 0) > transfer.size:
        raise too_large(transfer.size - offset)
    _append(transfer, offset, checksum())
    whole = services().transfers.offset(transfer) == transfer.size
    return finish(transfer) if whole and transfer.upload is None else transfer


def _append(transfer: Transfer, offset: int, expected: Checksum | None) -> None:
    """Add the request's body to what has arrived.

    A part that is too long, or is not what its checksum says, leaves nothing behind; what came of one that broke off,
    or for which the room ran out, stays, unless it has a checksum.

    Args:
        transfer: which one.
        offset: the bytes that have arrived of it.
        expected: what the part must come to; None where the client does not say.

    Raises:
        Problem: 400, 413, 460, 503 or 507.
    """
    transfers = services().transfers
    running = transfers.take_digest(transfer, offset)
    digests = [digest for digest in (running, expected.digest if expected else None) if digest is not None]
    with transfers.data(transfer).open("r+b") as stream:
        stream.seek(offset)
        try:
            arrived = receive(stream, digests, transfer.size - offset)
            _check(arrived.whole, expected)
        except Problem as problem:
            if problem.status != NO_ROOM or expected:
                stream.truncate(offset)
            raise
        finally:
            stream.flush()
            os.fsync(stream.fileno())
    transfers.keep_digest(transfer, offset + arrived.size, running)
    if not arrived.whole:
        raise truncated(offset + arrived.size)


def _check(whole: bool, expected: Checksum | None) -> None:
    if expected is None:
        return
    if not whole:
        raise truncated()
    if not expected.holds:
        raise Problem(CHECKSUM_MISMATCH, "wrong-checksum", "The part is not what its checksum says; send it again.")


def finish(transfer: Transfer) -> Transfer:
    """Make an upload of a transfer that has arrived whole.

    Raises:
        Problem: 460 where it is not what was announced; it is forgotten then.
    """
    transfers = services().transfers
    sha256 = transfers.sha256(transfer)
    if transfer.sha256 not in (None, sha256):
        transfers.remove(transfer.id)
        detail = "What arrived has another sha256 than was announced. It was removed; begin again."
        raise Problem(CHECKSUM_MISMATCH, "wrong-checksum", detail)
    data = transfers.data(transfer)
    upload, _ = keep(Received(data, transfer.size, sha256), transfer.name, transfer.user)
    whole = replace(transfer, upload=upload.id)
    transfers.save(whole)
    data.unlink(missing_ok=True)
    return whole
