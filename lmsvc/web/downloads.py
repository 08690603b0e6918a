"""Files as downloads: sent from here with ranges, or left to a proxy that reads the same data directory."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

from flask import Response, request, send_file
from werkzeug.http import parse_range_header

from lmsvc.settings import Settings
from lmsvc.web.answers import matches
from lmsvc.web.problems import Problem

ACCEL = "X-Accel-Redirect"
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, no-cache",
}


@dataclass(frozen=True)
class Download:
    """An open file and what is told of it.

    Attributes:
        stream: the open file; it is closed with the response.
        place: where it lies, below the data directory.
        tag: its strong entity tag.
        name: the name to save it under.
        media_type: told to the client; browsers never show the file in place.
    """

    stream: IO[bytes]
    place: Path
    tag: str
    name: str
    media_type: str

    @property
    def size(self) -> int:
        """Return the bytes of the file."""
        return os.fstat(self.stream.fileno()).st_size


def send(download: Download, settings: Settings) -> Response:
    """Answer with a file, whole or the one range asked for; behind our proxy, tell it which file to send."""
    try:
        whole = not _range_counts(download)
    except Problem:
        download.stream.close()
        raise
    response = _response(download)
    if settings.accel_prefix:
        return _left_to_proxy(response, _address(download.place, settings))
    if whole:
        request.environ.pop("HTTP_RANGE", None)
    response.content_length = download.size
    response.make_conditional(request, accept_ranges=True, complete_length=download.size)
    return response


def _response(download: Download) -> Response:
    response = send_file(
        download.stream,
        mimetype=download.media_type,
        as_attachment=True,
        download_name=download.name,
        conditional=False,
        etag=download.tag,
    )
    response.headers.update(HEADERS)
    return response


def _left_to_proxy(response: Response, address: str) -> Response:
    """Return the head of the answer; the proxy adds the body, or the range of it that was asked for."""
    response.close()
    response.response = ()
    response.make_conditional(request)
    if response.status_code == 200:
        response.headers[ACCEL] = address
    return response


def _address(place: Path, settings: Settings) -> str:
    return settings.accel_prefix.rstrip("/") + "/" + quote(str(place.relative_to(settings.data_dir)))


def _range_counts(download: Download) -> bool:
    """Return whether to serve a range; a faulty or manifold one means the whole file, as RFC 9110 allows.

    Raises:
        Problem: 416 for a range outside the file.
    """
    asked, size = parse_range_header(request.headers.get("Range")), download.size
    if asked is None or request.method != "GET" or asked.units != "bytes" or len(asked.ranges) != 1 or not size:
        return False
    other_version = request.if_range.etag not in (None, download.tag)
    if matches(download.tag) or other_version or asked.ranges[0][0] < -size:
        return False
    if asked.range_for_length(size) is None:
        detail = f"The file has {size} bytes; the range asked for lies outside."
        raise Problem(416, "range-not-satisfiable", detail, headers={"Content-Range": f"bytes */{size}"})
    return True
