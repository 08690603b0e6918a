"""Reading answers."""

from typing import Any

from werkzeug.test import TestResponse


def body(response: TestResponse, status: int = 200) -> dict[str, Any]:
    """Return the JSON object of an answer that must have this status."""
    assert response.status_code == status, response.get_data(as_text=True)
    found = response.get_json(force=True)
    assert isinstance(found, dict)
    return found


def problem(response: TestResponse, status: int, name: str) -> dict[str, Any]:
    """Return the problem document of an answer that must be this problem."""
    found = body(response, status)
    assert response.content_type == "application/problem+json"
    assert found["type"] == f"urn:lmsvc:{name}"
    assert found["status"] == status
    assert found["request_id"] == response.headers["X-Request-Id"]
    assert found["title"] and found["detail"]
    return found
