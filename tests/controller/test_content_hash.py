"""Content checksums: equal for equal content, whatever the container looks like."""

import io
import json
import struct
import zipfile
import zlib

import pytest

from lmsvc.controller.content_hash import content_sha256, rounded


def _zip(members: dict[str, bytes], year: int, compression: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), data)
    return buffer.getvalue()


def _npy(values: list[float]) -> bytes:
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({len(values)},), }}".ljust(117) + "\n"
    body = struct.pack(f"<{len(values)}d", *values)
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + body


def _tiff(cells: list[float], *, deflate: bool, software: bytes) -> bytes:
    """Return a one-row TIFF of doubles with a Software tag."""
    block = struct.pack(f"<{len(cells)}d", *cells)
    block = zlib.compress(block) if deflate else block
    entries = [(256, 3, len(cells)), (257, 3, 1), (258, 3, 64), (259, 3, 8 if deflate else 1)]
    entries += [(273, 4, 8), (277, 3, 1), (279, 4, len(block)), (339, 3, 3)]
    start = 8 + len(block)
    tail_at = start + 2 + 12 * (len(entries) + 1) + 4
    directory = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries if tag < 305)
    directory += struct.pack("<HHII", 305, 2, len(software), tail_at)
    directory += b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries if tag > 305)
    head = b"II*\0" + struct.pack("<I", start)
    return head + block + struct.pack("<H", len(entries) + 1) + directory + bytes(4) + software


def test_zip_dates_and_compression_do_not_count() -> None:
    """A zip written on another day with another compression has the same content checksum."""
    members = {"a.json": b'{"x": 1.0000000001, "y": [1]}', "b.txt": b"hello"}
    first = _zip(members, 1999, zipfile.ZIP_STORED)
    second = _zip(members, 2024, zipfile.ZIP_DEFLATED)
    assert first != second
    assert content_sha256("m.lmm", first) == content_sha256("m.lmm", second)


def test_a_changed_member_counts() -> None:
    """One changed value inside a zip changes the checksum."""
    first = _zip({"a.npy": _npy([1.0, 2.0])}, 1999, zipfile.ZIP_STORED)
    second = _zip({"a.npy": _npy([1.0, 2.001])}, 1999, zipfile.ZIP_STORED)
    assert content_sha256("m.lmm", first) != content_sha256("m.lmm", second)


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("a.csv", b"x,y\r\n0.1234567891,2\r\n", b"x,y\n0.12345678912,2\n"),
        ("a.json", b'{"b": 0.1234567891, "a": 1}', b'{"a": 1, "b": 0.12345678914}'),
        ("a.npy", _npy([0.1234567891]), _npy([0.12345678912])),
        ("a.tre", b"(a:0.1234567891,b:2);", b"(a:0.12345678912,b:2);"),
        (
            "a.tif",
            _tiff([1.5, 2.0], deflate=True, software=b"one\0"),
            _tiff([1.5, 2.0], deflate=False, software=b"x\0"),
        ),
    ],
)
def test_numbers_are_compared_to_nine_digits(name: str, first: bytes, second: bytes) -> None:
    """Differences beyond the ninth digit, line ends, key order and metadata do not count."""
    assert first != second
    assert content_sha256(name, first) == content_sha256(name, second)


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("a.csv", b"x\n0.12345678\n", b"x\n0.12345679\n"),
        ("a.csv", b"007\n", b"7\n"),
        ("a.tif", _tiff([1.5], deflate=True, software=b"o\0"), _tiff([1.6], deflate=True, software=b"o\0")),
        ("a.bin", b"1.0", b"1.00"),
    ],
)
def test_real_differences_count(name: str, first: bytes, second: bytes) -> None:
    """Differences within nine digits, identifiers that look like numbers, and unknown kinds count."""
    assert content_sha256(name, first) != content_sha256(name, second)


@pytest.mark.parametrize("name", ["a.tif", "a.zip", "a.lmm", "a.npy", "a.png", "a.json", "a.csv"])
def test_what_cannot_be_read_is_hashed_by_its_bytes(name: str) -> None:
    """A damaged file of a known kind still gets a checksum of its own."""
    assert content_sha256(name, b"\xff\xfe broken") != content_sha256(name, b"\xff\xfe broken too")


def test_rounding_has_no_negative_zero() -> None:
    """Minus zero and zero are the same number."""
    assert rounded(-0.0) == rounded(0.0) == "0"


def test_deeply_nested_json_is_no_harm() -> None:
    """JSON nested beyond the interpreter's depth falls back to the bytes."""
    deep = b"[" * 100_000 + b"]" * 100_000
    assert len(content_sha256("a.json", deep)) == len(content_sha256("a.json", json.dumps([1]).encode()))
