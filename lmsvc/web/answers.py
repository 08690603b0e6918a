"""Making responses: JSON bodies and entity tags."""

import hashlib
from collections.abc import Mapping

from flask import Response, request
from pydantic import BaseModel

from lmsvc.web.operations import JSON


def json_answer(body: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a model as a JSON response; what is only looked at has a tag, and is 304 where the client has it."""
    if status == 200 and request.method in ("GET", "HEAD"):
        text = body.model_dump_json()
        return tagged(text, etag(text), {"Cache-Control": "private, no-cache", **(headers or {})})
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
