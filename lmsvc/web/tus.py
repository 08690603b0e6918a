"""The words of the tus protocol, version 1.0.0: what a request's headers say, checked."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from flask import request

from lmsvc.web.problems import FaultBody, Problem
from lmsvc.web.transfers import Digest

VERSION: Final = "1.0.0"
EXTENSIONS: Final = "creation,creation-with-upload,expiration,checksum,termination"
PART_TYPE: Final = "application/offset+octet-stream"
DIGESTS: Final[dict[str, Callable[[], Digest]]] = {
    "sha256": hashlib.sha256,
    "sha1": partial(hashlib.sha1, usedforsecurity=False),
}
LARGEST = 2**53


@dataclass(frozen=True)
class Checksum:
    """What the bytes of a part must come to."""

    expected: bytes
    digest: Digest = field(compare=False)

    @property
    def holds(self) -> bool:
        """Return whether they did."""
        return hmac.compare_digest(self.expected, self.digest.digest())


def require_version() -> None:
    """Refuse a request that speaks another version, or does not say which.

    Raises:
        Problem: 412.
    """
    if request.headers.get("Tus-Resumable") != VERSION:
        detail = f"Send the header Tus-Resumable: {VERSION}."
        raise Problem(412, "unsupported-version", detail, headers={"Tus-Version": VERSION})


def require_part() -> None:
    """Refuse a body that is not declared as a part of an upload.

    Raises:
        Problem: 415.
    """
    if request.mimetype != PART_TYPE:
        raise Problem(415, "unsupported-media-type", f"A part has the Content-Type {PART_TYPE}.")


def number(header: str) -> int:
    """Return the number of bytes in a header.

    Raises:
        Problem: 400.
    """
    text = request.headers.get(header, "").strip()
    if not re.fullmatch("[0-9]{1,16}", text) or int(text) > LARGEST:
        raise _fault(header, "must be a number of bytes")
    return int(text)


def checksum() -> Checksum | None:
    """Return what the part must come to, where the request says so.

    Raises:
        Problem: 400.
    """
    text = request.headers.get("Upload-Checksum")
    if text is None:
        return None
    algorithm, _, encoded = text.strip().partition(" ")
    if algorithm not in DIGESTS:
        raise _fault("Upload-Checksum", f"must begin with one of {', '.join(DIGESTS)}")
    return Checksum(_decoded("Upload-Checksum", encoded), DIGESTS[algorithm]())


def metadata() -> dict[str, str]:
    """Return the pairs of Upload-Metadata.

    Raises:
        Problem: 400.
    """
    pairs = (pair.split() for pair in request.headers.get("Upload-Metadata", "").split(",") if pair.strip())
    found: dict[str, str] = {}
    for key, *values in pairs:
        if len(values) > 1 or key in found:
            raise _fault("Upload-Metadata", "must be pairs of a key and a value in base64, each key once")
        found[key] = _decoded("Upload-Metadata", "".join(values)).decode(errors="replace")
    return found


def sha256_of(announced: dict[str, str]) -> str | None:
    """Return what the whole must come to, where the metadata says so.

    Raises:
        Problem: 400.
    """
    text = announced.get("sha256")
    if text is not None and not re.fullmatch("[0-9a-f]{64}", text):
        raise _fault("Upload-Metadata", "the value of sha256 must be 64 hex digits, in base64")
    return text


def _decoded(header: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _fault(header, "must be in base64") from error


def _fault(header: str, detail: str) -> Problem:
    return Problem(
        400, "invalid-query", f"The header {header} {detail}", errors=[FaultBody(parameter=header, detail=detail)]
    )
