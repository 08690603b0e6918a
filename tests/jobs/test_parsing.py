"""Strict JSON: what others might read differently is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmsvc.jobs.document import parse_document
from lmsvc.jobs.faults import DocumentError

REFUSED = [
    (b'{"a": 1, "a": 2}', "/a", "more than once"),
    (b'{"a/b": [{"x": 1, "x": 1}]}', "/a~1b/0/x", "more than once"),
    (b'{"a": NaN}', "/a", "NaN is not a number in JSON"),
    (b"[-Infinity]", "/0", "-Infinity is not"),
    (b"[1e999]", "/0", "not finite"),
    (b"[" + b"9" * 5000 + b"]", "/0", "too large"),
    (b"[9223372036854775808]", "/0", "too large"),
    (b'{"a": ', "", "not JSON: Expecting value, line 1, column 7"),
    (b"", "", "not JSON"),
    (b"\xff\xfe", "", "not UTF-8 (byte 0)"),
    (b'["\\ud800"]', "/0", "surrogate"),
    (b'{"\\u0000": 1}', "/\0", "U+0000"),
    (b"[" * 40 + b"]" * 40, "/0" * 33, "deep"),
    (b"[" * 900_000, "", "deep"),
]


@pytest.mark.parametrize(("raw", "pointer", "detail"), REFUSED, ids=[detail for *_, detail in REFUSED])
def test_ambiguous_or_broken_json_is_refused(raw: bytes, pointer: str, detail: str) -> None:
    """Each kind of bad text gives a fault with its place and reason."""
    with pytest.raises(DocumentError) as caught:
        parse_document(raw)
    assert [fault.pointer for fault in caught.value.faults] == [pointer]
    assert detail in caught.value.faults[0].detail


def test_a_byte_order_mark_is_let_pass() -> None:
    """Editors that begin a file with a byte order mark are forgiven."""
    assert parse_document(b'\xef\xbb\xbf{"a": [1, 2.5, true, null, "\xc3\xa4"]}') == {"a": [1, 2.5, True, None, "ä"]}


@given(st.binary(max_size=200) | st.text(alphabet='{}[]",:0123456789eE.-+truefalsn\\u/ ').map(str.encode))
def test_any_bytes_are_answered(raw: bytes) -> None:
    """Whatever bytes are sent, they are JSON that Python reads alike, or a fault is named."""
    try:
        data = parse_document(raw)
    except DocumentError as error:
        assert error.faults
    else:
        assert data == json.loads(raw.decode("utf-8-sig"))
