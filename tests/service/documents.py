"""Job documents for tests."""

from typing import Any


def echo(text: str = "hello") -> dict[str, Any]:
    """Return a job of one trivial step."""
    return {
        "name": "echo",
        "steps": {"say": {"run": "echo_text", "in": {"text": {"value": text}}}},
        "outputs": ["say/text"],
    }
