"""Uploads: files a job reads, kept once per content."""

import contextlib
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO

from flask import Response, request

from lmsvc.paths import DataPaths
from lmsvc.store.records import Upload
from lmsvc.web.access import identity
from lmsvc.web.answers import json_answer
from lmsvc.web.bodies import UploadBody
from lmsvc.web.contents import Received, forget, keep
from lmsvc.web.operations import Answer, Body, Operation
from lmsvc.web.problems import Problem, not_found
from lmsvc.web.quotas import require_bytes
from lmsvc.web.receiving import receive, require_acceptable, require_good_name, truncated
from lmsvc.web.services import services

UPLOAD_ID = re.compile("[0-9a-f]{32}")


def put_upload(upload: str) -> Response:
    """Upload a file under its name.

    The body is the file as it is. Equal content has one id, whatever its name. Nothing is kept of a body that does
    not arrive whole.
    """
    require_good_name(upload)
    require_acceptable(request.content_length or 0)
    with _incoming(services().paths) as (stream, path):
        received = _receive(stream, path)
        require_bytes(received.size)
        stored, created = keep(received, upload, user())
    location = f"/api/v1/uploads/{stored.id}"
    return json_answer(upload_body(stored), 201 if created else 200, {"Location": location} if created else None)


def get_upload(upload: str) -> Response:
    """Describe an upload.

    `expires` is when it goes unless a job uses it until then: null while one does, or where the site keeps uploads for
    ever. One sent again is kept at least as long as a warning of results.
    """
    return json_answer(upload_body(_upload_or_404(upload)))


def delete_upload(upload: str) -> Response:
    """Delete an upload that no unfinished job uses."""
    if not forget(_upload_or_404(upload)):
        raise Problem(409, "wrong-state", "A job that is not over uses this upload.")
    return Response(status=204)


def user() -> str:
    """Return whose uploads the request is about."""
    return identity().user


def _upload_or_404(upload: str) -> Upload:
    found = services().store.upload(upload, user()) if UPLOAD_ID.fullmatch(upload) else None
    if found is None:
        raise not_found("There is no such upload.")
    return found


@contextlib.contextmanager
def _incoming(paths: DataPaths) -> Iterator[tuple[IO[bytes], Path]]:
    """Give a temporary file beside the uploads that is gone afterwards unless it was moved."""
    paths.incoming.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=paths.incoming, delete=False) as stream:
        path = Path(stream.name)
        try:
            yield stream, path
        finally:
            path.unlink(missing_ok=True)


def _receive(stream: IO[bytes], path: Path) -> Received:
    """Write the request's body to disk while computing its checksum."""
    digest = hashlib.sha256()
    arrived = receive(stream, [digest], services().settings.limits.upload_bytes)
    if not arrived.whole:
        raise truncated()
    stream.flush()
    os.fsync(stream.fileno())
    return Received(path, arrived.size, digest.hexdigest())


def upload_body(upload: Upload) -> UploadBody:
    """Return an upload as the API shows it."""
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
