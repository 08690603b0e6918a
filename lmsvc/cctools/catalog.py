"""The catalog server's client: one filtered query, and updates of single records. Standard library alone.

The catalog believes anybody: a reader has to check the `address` of what it gets, which the catalog sets from the
packet's source. It also loses every record that holds a non-ASCII or control character, so text in our own records
(types ``lm_...``) travels escaped and is restored here.
"""

import base64
import calendar
import codecs
import contextlib
import json
import socket
import time
from collections.abc import Callable, Collection, Iterable
from typing import Any

Record = dict[str, Any]

DATAGRAM_BYTES = 1200
"""Larger records go by TCP to the port above the catalog's, as CCTools' own programs do."""
ANSWER_BYTES = 256_000_000


class CatalogUnreachable(Exception):
    """The catalog gave no usable answer."""


class CatalogClient:
    """Talks to one catalog server."""

    def __init__(self, host: str, port: int, timeout: float = 5.0) -> None:
        """Name the catalog; nothing is sent yet. ``timeout`` is the longest a call may take, in seconds."""
        self._host = host
        self._port = port
        self._timeout = timeout
        self._ahead = 0.0

    def now(self) -> float:
        """Return the catalog's own clock (epoch seconds) as of its last answer, which ages are measured by."""
        return time.time() + self._ahead

    def query(self, types: Collection[str]) -> list[Record]:
        """Return all records of the given types.

        Raises:
            CatalogUnreachable: no answer in time, or none that can be read.
        """
        try:
            records = self._get(f"/query/{_expression(types)}")
        except ValueError:
            records = self._ask_for_all()
        return [restored(record) for record in records if record.get("type") in types]

    def _ask_for_all(self) -> list[Record]:
        try:
            return self._get("/query.json")
        except ValueError as error:
            raise CatalogUnreachable(f"catalog {self._host}:{self._port} gave no usable answer: {error}") from error

    def _get(self, path: str) -> list[Record]:
        head, body = _split(self._exchange(f"GET {path} HTTP/1.0\r\nHost: {self._host}\r\n\r\n".encode()))
        self._ahead = _clock_difference(head, time.time())
        records = json.loads(body)
        if not isinstance(records, list):
            raise ValueError("no list of records")
        return [record for record in records if isinstance(record, dict)]

    def _exchange(self, request: bytes) -> bytes:
        deadline = time.monotonic() + self._timeout
        answer = bytearray()
        try:
            with socket.create_connection((self._host, self._port), self._timeout) as connection:
                connection.sendall(request)
                while chunk := connection.recv(1 << 18):
                    answer += chunk
                    if time.monotonic() > deadline or len(answer) > ANSWER_BYTES:
                        raise TimeoutError("the answer takes too long")
        except OSError as error:
            raise CatalogUnreachable(f"catalog {self._host}:{self._port}: {error}") from error
        return bytes(answer)

    def update(self, record: Record) -> None:
        """Add or replace a record. By UDP nobody says whether it arrived: repeat it.

        Raises:
            CatalogUnreachable: the record is large and the catalog's TCP port does not take it, or the name of the
                host is unknown.
        """
        data = json.dumps(escaped(record)).encode()
        try:
            if len(data) <= DATAGRAM_BYTES:
                self._send_datagram(data)
            else:
                with socket.create_connection((self._host, self._port + 1), self._timeout) as connection:
                    connection.sendall(data)
        except OSError as error:
            raise CatalogUnreachable(f"catalog {self._host}:{self._port}: {error}") from error

    def _send_datagram(self, data: bytes) -> None:
        family, kind, protocol, _, address = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind, protocol) as sender:
            sender.sendto(data, address)

    @staticmethod
    def fresh(records: Iterable[Record], now: float, seconds: float) -> list[Record]:
        """Return the records heard from at most ``seconds`` before ``now`` (use the client's `now`).

        Nor are those fresh that a clock, since set back, has dated far ahead.
        """
        return [record for record in records if abs(now - float(record.get("lastheardfrom", 0))) <= seconds]


def _expression(types: Collection[str]) -> str:
    """Return a filter for the catalog's URL; no byte of it makes base64 need the characters a URL gives a meaning."""
    expression = "||".join(f'type=="{name}"' for name in sorted(types))
    return base64.b64encode(expression.encode()).decode()


def _split(answer: bytes) -> tuple[str, bytes]:
    for gap in (b"\n\n", b"\r\n\r\n"):
        head, found, body = answer.partition(gap)
        if found and b" 200 " in head[:20]:
            return head.decode(errors="replace"), body
    raise ValueError("no HTTP answer with status 200")


def _clock_difference(head: str, local: float) -> float:
    """Return how far the catalog's clock is ahead, from its Date line, which is in an unnamed time zone."""
    for line in head.splitlines():
        if line.startswith("Date: "):
            with contextlib.suppress(ValueError):
                ahead = calendar.timegm(time.strptime(line[6:].strip(), "%a %b %d %H:%M:%S %Y")) - local
                return ahead - round(ahead / 900) * 900
    return 0.0


def _is_own(record: Record) -> bool:
    return str(record.get("type")).startswith("lm_")


def escaped(record: Record) -> Record:
    """Return a record of our own with all its text in printable ASCII, as Python escapes it; others as they are."""
    if not _is_own(record):
        return record
    return {_escape(key): _mapped(value, _escape) for key, value in record.items()}


def _escape(text: str) -> str:
    return text.encode("unicode_escape").decode("ascii")


def restored(record: Record) -> Record:
    """Return one of our own records as it was before `escaped`; others as they are."""
    if not _is_own(record):
        return record
    return {_unescape(key): _mapped(value, _unescape) for key, value in record.items()}


def _unescape(text: str) -> str:
    try:
        return codecs.decode(text, "unicode_escape")
    except UnicodeDecodeError:
        return text


def _mapped(value: object, change: Callable[[str], str]) -> object:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(str(key)): _mapped(one, change) for key, one in value.items()}
    if isinstance(value, list):
        return [_mapped(one, change) for one in value]
    return value
