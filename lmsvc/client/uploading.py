"""Uploads that go on where they broke off, by the tus protocol: after a bad connection, a restart, or another day."""

import base64
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from urllib.parse import quote

from lmsvc.client.calls import API
from lmsvc.client.errors import ApiError, ClientError, passes
from lmsvc.client.models import Transfer, Upload
from lmsvc.client.patience import Patience
from lmsvc.client.transport import Transport

TUS = f"{API}/tus"
VERSION = {"Tus-Resumable": "1.0.0"}
PART = {**VERSION, "Content-Type": "application/offset+octet-stream"}
AT_ONCE_BYTES = 8_000_000
PIECE_BYTES = 1 << 18
MISPLACED = frozenset({400, 409, 423})
"""The part broke off, or something else sent another meanwhile: asking where the upload stands mends it."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Source:
    """A file to be uploaded, and who is told of it."""

    path: Path
    size: int
    told: Progress

    def pieces(self, offset: int) -> Iterator[bytes]:
        """Yield the bytes from an offset on; say how far each takes it."""
        with self.path.open("rb") as file:
            file.seek(offset)
            while piece := file.read(PIECE_BYTES):
                yield piece
                offset += len(piece)
                self.told(offset, self.size)


def upload(transport: Transport, path: Path, progress: Progress | None = None) -> Upload:
    """Store a file.

    What the service has already is not sent. A small file goes in one request; a large one in as many as it takes.

    Args:
        transport: to the service.
        path: of the file.
        progress: told the bytes that have arrived, and the bytes in all.

    Raises:
        ClientError: the service refuses it, or has been away for a minute.
        OSError: the file cannot be read.
    """
    source = Source(path, path.stat().st_size, progress or (lambda done, total: None))
    if source.size <= AT_ONCE_BYTES:
        return _at_once(transport, source)
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    stored = _known(transport, sha256[:32]) or _in_parts(transport, source, sha256)
    source.told(source.size, source.size)
    return stored


def unfinished(transport: Transport) -> list[Transfer]:
    """Return the uploads of this user that have not arrived whole."""
    return cast(list[Transfer], transport.send("GET", TUS).json()["transfers"])


def _at_once(transport: Transport, source: Source) -> Upload:
    headers = {"Content-Length": str(source.size), "Content-Type": "application/octet-stream"}
    url, patience = f"{API}/uploads/{quote(source.path.name, safe='')}", Patience(passing=_is_busy)
    while True:
        try:
            return cast(Upload, transport.send("PUT", url, None, headers, source.pieces(0)).json())
        except ClientError as error:
            patience.failed(error)


def _is_busy(error: ClientError) -> bool:
    return isinstance(error, ApiError) and passes(error)


def _known(transport: Transport, upload_id: str) -> Upload | None:
    try:
        return cast(Upload, transport.send("GET", f"{API}/uploads/{upload_id}").json())
    except ApiError as error:
        if error.status != 404:
            raise
        return None


def _in_parts(transport: Transport, source: Source, sha256: str) -> Upload:
    """Send all that is missing, in one part after another until one comes to the end."""
    address, patience, reached = None, Patience(passing=_mends), 0
    while True:
        try:
            address = address or _begun(transport, source, sha256)
            offset, stored = _stands(transport, address)
            if offset > reached:
                reached = offset
                patience.progressed()
            stored = stored or _send(transport, address, source, offset)
            return cast(Upload, transport.send("GET", f"{API}/uploads/{stored}").json())
        except ApiError as error:
            if error.status != 404 or address is None:
                patience.failed(error)
            address = None if error.status == 404 else address
        except ClientError as error:
            patience.failed(error)


def _mends(error: ClientError) -> bool:
    return passes(error) or (isinstance(error, ApiError) and error.status in MISPLACED)


def _begun(transport: Transport, source: Source, sha256: str) -> str:
    """Return the address of an upload of this file that waits to be gone on with, or of a new one."""
    for transfer in unfinished(transport):
        if (transfer["sha256"], transfer["size"]) == (sha256, source.size):
            return f"{TUS}/{transfer['id']}"
    pairs = {"filename": source.path.name, "sha256": sha256}
    metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())
    headers = {**VERSION, "Upload-Length": str(source.size), "Upload-Metadata": metadata}
    return transport.send("POST", TUS, None, headers).headers["Location"]


def _stands(transport: Transport, address: str) -> tuple[int, str | None]:
    """Return the bytes that have arrived, and the id of the upload where that is all of them."""
    headers = transport.send("HEAD", address, None, VERSION).headers
    return int(headers["Upload-Offset"]), headers.get("Lmsvc-Upload")


def _send(transport: Transport, address: str, source: Source, offset: int) -> str:
    """Send everything from an offset on; return the id of the upload."""
    length = {"Upload-Offset": str(offset), "Content-Length": str(source.size - offset)}
    answer = transport.send("PATCH", address, None, {**PART, **length}, source.pieces(offset))
    return answer.headers["Lmsvc-Upload"]
