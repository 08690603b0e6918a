"""Making responses: JSON bodies, entity tags, files with ranges."""

import hashlib
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import IO

from flask import Response, request, send_file
from pydantic import BaseModel
from werkzeug.http import parse_range_header

from lmsvc.web.operations import JSON
from lmsvc.web.problems import Problem

SANDBOX = "default-src 'none'; sandbox"


def json_answer(body: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a model as a JSON response."""
    return Response(body.model_dump_json(), status, headers=dict(headers or {}), content_type=JSON)


def etag(text: str) -> str:
    """Return an entity tag for a body."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def matches(tag: str) -> bool:
    """Return whether the client holds the body with this tag already."""
    return request.if_none_match.contains_weak(tag)


def tagged(text: str, tag: str, headers: Mapping[str, str]) -> Response:
    """Return a JSON text with its tag, or 304 where the client has it."""
    response = Response(status=304) if matches(tag) else Response(text, content_type=JSON)
    response.set_etag(tag)
    response.headers.update(headers)
    return response


def file_answer(stream: IO[bytes], size: int, tag: str, path: str, media_type: str) -> Response:
    """Send an open file as a download, whole or the one range asked for.

    Args:
        stream: the open file; it is closed with the response.
        size: its size in bytes.
        tag: its strong entity tag.
        path: its last part becomes the name of the download.
        media_type: told to the client; browsers never show the file in place.
    """
    if not _range_counts(size, tag):
        request.environ.pop("HTTP_RANGE", None)
    name = PurePosixPath(path).name
    response = send_file(
        stream, mimetype=media_type, as_attachment=True, download_name=name, conditional=False, etag=tag
    )
    response.content_length = size
    response.headers["Content-Security-Policy"] = SANDBOX
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request, accept_ranges=True, complete_length=size)
    return response


def _range_counts(size: int, tag: str) -> bool:
    """Return whether to serve a range; a faulty or manifold one means the whole file, as RFC 9110 allows.

    Raises:
        Problem: 416 for a range outside the file.
    """
    asked = parse_range_header(request.headers.get("Range"))
    if asked is None or request.method != "GET" or asked.units != "bytes" or len(asked.ranges) != 1 or not size:
        return False
    other_version = request.if_range.etag not in (None, tag)
    if matches(tag) or other_version or asked.ranges[0][0] < -size:
        return False
    if asked.range_for_length(size) is None:
        detail = f"The file has {size} bytes; the range asked for lies outside."
        raise Problem(416, "range-not-satisfiable", detail, headers={"Content-Range": f"bytes */{size}"})
    return True
