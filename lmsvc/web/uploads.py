"""Uploads: files a job reads, kept once per content."""

import contextlib
import fcntl
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from flask import Response, request
from werkzeug.exceptions import ClientDisconnected

from lmsvc.paths import DataPaths
from lmsvc.store.records import Upload
from lmsvc.web.answers import json_answer
from lmsvc.web.bodies import UploadBody
from lmsvc.web.file_names import name_fault
from lmsvc.web.operations import Answer, Body, Operation
from lmsvc.web.problems import Problem, not_found
from lmsvc.web.room import require_room
from lmsvc.web.services import services

UPLOAD_ID = re.compile("[0-9a-f]{32}")
CHUNK_BYTES = 1 << 18
LOOK_AT_DISK_EVERY_BYTES = 64_000_000
FORGOTTEN_SECONDS = 86_400


@dataclass(frozen=True)
class Received:
    """A body that arrived whole and is on disk under a temporary name."""

    path: Path
    size: int
    sha256: str


def put_upload(upload: str) -> Response:
    """Upload a file under its name.

    The body is the file as it is. Equal content has one id, whatever its name. Nothing is kept of a body that does
    not arrive whole.
    """
    _require_good_name(upload)
    _require_size(request.content_length or 0)
    require_room(request.content_length or 0)
    with _incoming(services().paths) as (stream, path):
        received = _receive(stream, path)
        stored, created = _keep(received, upload)
    location = f"/api/v1/uploads/{stored.id}"
    return json_answer(_body(stored), 201 if created else 200, {"Location": location} if created else None)


def get_upload(upload: str) -> Response:
    """Describe an upload."""
    return json_answer(_body(_upload_or_404(upload)))


def delete_upload(upload: str) -> Response:
    """Delete an upload that no unfinished job uses."""
    store, paths = services().store, services().paths
    with _uploads_locked(paths):
        found = _upload_or_404(upload)
        if not store.delete_upload(upload):
            raise Problem(409, "wrong-state", "A job that is not over uses this upload.")
        paths.upload(found.sha256).unlink(missing_ok=True)
    return Response(status=204)


def forget_incomplete(paths: DataPaths) -> None:
    """Remove what uploads left that were cut off by a crash long ago."""
    for path in (paths.uploads / "incoming").glob("*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > FORGOTTEN_SECONDS:
                path.unlink()


def _upload_or_404(upload: str) -> Upload:
    found = services().store.upload(upload) if UPLOAD_ID.fullmatch(upload) else None
    if found is None:
        raise not_found("There is no such upload.")
    return found


def _require_good_name(name: str) -> None:
    fault = name_fault(name)
    if fault:
        raise Problem(400, "invalid-name", f"The file name {fault}.")


@contextlib.contextmanager
def _incoming(paths: DataPaths) -> Iterator[tuple[IO[bytes], Path]]:
    """Give a temporary file beside the uploads that is gone afterwards unless it was moved."""
    directory = paths.uploads / "incoming"
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=directory, delete=False) as stream:
        path = Path(stream.name)
        try:
            yield stream, path
        finally:
            path.unlink(missing_ok=True)


def _receive(stream: IO[bytes], path: Path) -> Received:
    """Write the request's body to disk while computing its checksum."""
    digest, size, looked = hashlib.sha256(), 0, 0
    for chunk in _chunks():
        stream.write(chunk)
        digest.update(chunk)
        size += len(chunk)
        _require_size(size)
        if size - looked > LOOK_AT_DISK_EVERY_BYTES:
            looked = size
            require_room()
    if request.content_length not in (None, size):
        raise _truncated()
    stream.flush()
    os.fsync(stream.fileno())
    return Received(path, size, digest.hexdigest())


def _chunks() -> Iterator[bytes]:
    try:
        while chunk := request.stream.read(CHUNK_BYTES):
            yield chunk
    except (ClientDisconnected, OSError) as error:
        raise _truncated() from error


def _truncated() -> Problem:
    return Problem(400, "truncated-upload", "The connection ended before the whole body had arrived.")


def _require_size(size: int) -> None:
    limit = services().settings.limits.upload_bytes
    if size > limit:
        raise Problem(413, "too-large", f"An upload may have {limit} bytes.")


def _keep(received: Received, name: str) -> tuple[Upload, bool]:
    """Move a received file to its place and record it; the first name of a content stays."""
    store, paths = services().store, services().paths
    identity = received.sha256[:32]
    with _uploads_locked(paths):
        known = store.upload(identity)
        place = paths.upload(received.sha256)
        if known is not None and place.exists():
            return known, False
        place.parent.mkdir(parents=True, exist_ok=True)
        received.path.rename(place)
        _sync_directory(place.parent)
        upload = Upload(identity, name, received.size, received.sha256, time.time())
        store.add_upload(upload)
        return upload, True


@contextlib.contextmanager
def _uploads_locked(paths: DataPaths) -> Iterator[None]:
    """Keep others from adding and deleting the same content between file and row."""
    paths.uploads.mkdir(parents=True, exist_ok=True)
    with (paths.uploads / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _body(upload: Upload) -> UploadBody:
    return UploadBody.model_validate(asdict(upload))


_UPLOAD = "/api/v1/uploads/{upload}"

OPERATIONS = (
    Operation(
        "PUT",
        _UPLOAD,
        put_upload,
        "uploads",
        {
            201: Answer("Stored.", UploadBody, headers={"Location": "the upload"}),
            200: Answer("The same content was there already.", UploadBody),
        },
        problems=(400, 413, 507),
        body=Body("application/octet-stream", "the file as it is"),
    ),
    Operation("GET", _UPLOAD, get_upload, "uploads", {200: Answer("What is known of it.", UploadBody)}, (404,)),
    Operation("DELETE", _UPLOAD, delete_upload, "uploads", {204: Answer("Gone.", media_type=None)}, (404, 409)),
)
