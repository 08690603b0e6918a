"""A checksum of what a file says, not of how its container was written.

Equal inputs, seed and tool versions give equal content checksums on every machine: dates and metadata of containers
(zip, GeoTIFF, PNG) are left out and numbers are rounded to 9 significant digits. A file of any other kind, or one that
cannot be read as its kind, is hashed byte by byte.
"""

import csv
import hashlib
import io
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath

from lmsvc.controller.tiff import TiffError, tiff_content

DIGITS = 9
_NUMBER = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+(?=[eE]))(?:[eE][-+]?\d+)?")
_NPY_MAGIC = b"\x93NUMPY"
_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_UNREADABLE = (ValueError, KeyError, struct.error, zlib.error, zipfile.BadZipFile, TiffError, RecursionError)


def content_sha256(name: str, data: bytes) -> str:
    """Return the content checksum of a file.

    Args:
        name: its name; the suffix tells its kind.
        data: its bytes.
    """
    reader = _READERS.get(PurePosixPath(name).suffix.lower())
    digest = hashlib.sha256()
    try:
        for part in reader(data) if reader else [data]:
            digest.update(part)
    except _UNREADABLE:
        return hashlib.sha256(data).hexdigest()
    return digest.hexdigest()


def rounded(value: float) -> str:
    """Return a number as text with 9 significant digits; no negative zero."""
    return f"{value + 0.0:.{DIGITS}g}"


def _text(data: bytes) -> Iterator[bytes]:
    text = data.decode("utf-8").replace("\r\n", "\n")
    yield _NUMBER.sub(lambda match: rounded(float(match.group())), text).encode()


def _csv(data: bytes) -> Iterator[bytes]:
    for row in csv.reader(io.StringIO(data.decode("utf-8"), newline="")):
        yield json.dumps([_rounded_word(word) for word in row]).encode()


def _rounded_word(word: str) -> str:
    stripped = word.strip()
    return rounded(float(stripped)) if _NUMBER.fullmatch(stripped) else word


def _json(data: bytes) -> Iterator[bytes]:
    yield json.dumps(_rounded_json(json.loads(data)), sort_keys=True).encode()


def _rounded_json(value: object) -> object:
    if isinstance(value, float):
        return rounded(value)
    if isinstance(value, list):
        return [_rounded_json(item) for item in value]
    if isinstance(value, dict):
        return {key: _rounded_json(item) for key, item in value.items()}
    return value


def _zip(data: bytes) -> Iterator[bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in sorted(archive.namelist()):
            member = archive.read(name)
            yield f"{name}\0{_member_sha256(name, member)}\n".encode()


def _member_sha256(name: str, data: bytes) -> str:
    if data.startswith(_NPY_MAGIC):
        name = "member.npy"
    elif data[:1] in (b"{", b"["):
        name = "member.json"
    return content_sha256(name, data)


def _npy(data: bytes) -> Iterator[bytes]:
    code, start = ("<H", 10) if data[6] == 1 else ("<I", 12)
    (size,) = struct.unpack_from(code, data, 8)
    header = data[start : start + size].decode("latin-1")
    kind = _header_value(header, r"'descr':\s*'([^']+)'")
    order = _header_value(header, r"'fortran_order':\s*(\w+)")
    shape = _header_value(header, r"'shape':\s*(\([^)]*\))")
    yield f"{kind[1:]} {order} {shape}\n".encode()
    yield from _numbers(data[start + size :], kind)


def _header_value(header: str, pattern: str) -> str:
    found = re.search(pattern, header)
    if found is None:
        raise ValueError("not an npy header")
    return found.group(1)


def _numbers(data: bytes, kind: str) -> Iterator[bytes]:
    """Doubles are rounded; singles need not be, 9 digits are all they have."""
    if kind[1:] != "f8":
        yield data
        return
    for (value,) in struct.iter_unpack(">d" if kind[0] == ">" else "<d", data):
        yield rounded(value).encode() + b" "


def _png(data: bytes) -> Iterator[bytes]:
    if not data.startswith(_PNG_MAGIC):
        raise ValueError("not a PNG")
    pixels = b""
    at = len(_PNG_MAGIC)
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + size]
        at += 12 + size
        if kind == b"IDAT":
            pixels += body
        elif kind in (b"IHDR", b"PLTE", b"tRNS"):
            yield kind + body
    yield zlib.decompress(pixels)


_READERS: Mapping[str, Callable[[bytes], Iterator[bytes]]] = {
    ".csv": _csv,
    ".tsv": _text,
    ".txt": _text,
    ".tre": _text,
    ".nwk": _text,
    ".nex": _text,
    ".asc": _text,
    ".json": _json,
    ".geojson": _json,
    ".zip": _zip,
    ".lmm": _zip,
    ".npy": _npy,
    ".png": _png,
    ".tif": tiff_content,
    ".tiff": tiff_content,
}
