"""Files the pages need: their addresses carry a checksum of the content, so browsers keep them for good."""

import hashlib
import re
from functools import lru_cache
from mimetypes import guess_type
from pathlib import Path

from flask import Flask, Response, url_for

from lmsvc.web.compressed import file_response
from lmsvc.web.operations import Answer, Operation
from lmsvc.web.problems import not_found

FOR_EVER = "public, max-age=31536000, immutable"
BRIEFLY = "public, max-age=60"
STATIC = Path(__file__).parent.parent / "static"
PLACES = (STATIC, STATIC / "lib")
TAG_DIGITS = 10

_NAME = re.compile(r"[A-Za-z0-9_-]+(\.js\.LEGAL)?\.(css|js|png|svg|txt)")
_TAGGED = re.compile(rf"(?P<stem>.+)\.(?P<tag>[0-9a-f]{{{TAG_DIGITS}}})\.(?P<suffix>[a-z]+)")
_BUNDLED_NAME = re.compile(r".+-[A-Z0-9]{8}\.[a-z]+")


def static_address(name: str) -> str | None:
    """Return the address of a file as of now; None where it was not built."""
    found = _find(name)
    if found is None:
        return None
    stem, _, suffix = name.rpartition(".")
    return url_for("static_file", name=f"{stem}.{_checksum(found, found.stat().st_mtime_ns)}.{suffix}")


def static_file(name: str) -> Response:
    """Send a file the pages need."""
    tagged = _TAGGED.fullmatch(name)
    plain = f"{tagged['stem']}.{tagged['suffix']}" if tagged else name
    found = _find(plain)
    if found is None:
        raise not_found(f"There is no file {name}.")
    lasts = (
        tagged["tag"] == _checksum(found, found.stat().st_mtime_ns) if tagged else bool(_BUNDLED_NAME.fullmatch(name))
    )
    headers = {"Cache-Control": FOR_EVER if lasts else BRIEFLY}
    return file_response(found, guess_type(plain)[0], headers)


def _find(name: str) -> Path | None:
    if not _NAME.fullmatch(name):
        return None
    return next((path for place in PLACES if (path := place / name).is_file()), None)


@lru_cache(maxsize=64)
def _checksum(path: Path, modified_ns: int) -> str:
    """Return the first digits of a file's checksum; it is read again when it was modified."""
    del modified_ns
    return hashlib.sha256(path.read_bytes()).hexdigest()[:TAG_DIGITS]


def install(app: Flask) -> None:
    """Let templates name these files."""
    app.template_global("static_address")(static_address)


OPERATIONS = (
    Operation(
        "GET",
        "/static/{name}",
        static_file,
        "pages",
        {200: Answer("The file.", media_type="*/*")},
        (404,),
        public=True,
    ),
)
