"""What all parts of the client are made from: one answer, or page after page of them."""

import json
from collections.abc import Iterator
from typing import Any, Final, cast
from urllib.parse import quote

from lmsvc.client.transport import Query, Transport

API: Final = "/api/v1"
JSON: Final = {"Content-Type": "application/json"}


class Calls:
    """Operations of the API over one transport."""

    _transport: Transport

    def _object(self, method: str, path: str, query: Query | None = None, content: bytes | None = None) -> object:
        headers = JSON if content is not None else None
        return self._transport.send(method, path, query, headers, content).json()

    def _all(self, path: str, name: str, query: Query | None = None) -> Iterator[Any]:
        """Yield what is listed under a name, over all pages."""
        cursor: Query = {}
        while True:
            page = cast(dict[str, Any], self._object("GET", path, {**(query or {}), **cursor}))
            yield from page[name]
            if not page.get("next"):
                return
            cursor = {"cursor": page["next"]}


def job_path(job_id: str) -> str:
    """Return the path of a job."""
    return f"{API}/jobs/{quote(job_id, safe='')}"


def encode(document: object) -> bytes:
    """Return a JSON text; NaN and infinities are refused with ValueError."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
