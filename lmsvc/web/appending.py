"""A part at the end of what has arrived, and the step from the last part to an upload."""

import os
from dataclasses import replace

from lmsvc.web.contents import Received, keep
from lmsvc.web.problems import Problem
from lmsvc.web.receiving import receive, truncated
from lmsvc.web.services import services
from lmsvc.web.transfers import Transfer
from lmsvc.web.tus import Checksum

CHECKSUM_MISMATCH = 460
NO_ROOM = 507


def append(transfer: Transfer, offset: int, checksum: Checksum | None) -> None:
    """Add the request's body to what has arrived.

    A part that is too long, or is not what its checksum says, leaves nothing behind; what came of one that broke off,
    or for which the room ran out, stays, unless it has a checksum.

    Args:
        transfer: which one.
        offset: the bytes that have arrived of it.
        checksum: what the part must come to; None where the client does not say.

    Raises:
        Problem: 400, 413, 460, 503 or 507.
    """
    transfers = services().transfers
    running = transfers.take_digest(transfer, offset)
    digests = [digest for digest in (running, checksum.digest if checksum else None) if digest is not None]
    with transfers.data(transfer).open("r+b") as stream:
        stream.seek(offset)
        try:
            arrived = receive(stream, digests, transfer.size - offset)
            _check(arrived.whole, checksum)
        except Problem as problem:
            if problem.status != NO_ROOM or checksum:
                stream.truncate(offset)
            raise
        finally:
            stream.flush()
            os.fsync(stream.fileno())
    transfers.keep_digest(transfer, offset + arrived.size, running)
    if not arrived.whole:
        raise truncated(offset + arrived.size)


def _check(whole: bool, checksum: Checksum | None) -> None:
    if checksum is None:
        return
    if not whole:
        raise truncated()
    if not checksum.holds:
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
