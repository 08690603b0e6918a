"""What can go wrong between a client and the service."""

from dataclasses import dataclass
from typing import Any

PASSING = frozenset({429, 502, 503, 504})
"""Statuses that pass by themselves: the service restarts, or is asked too much."""


@dataclass(frozen=True)
class Fault:
    """One fault of a document, at a JSON pointer into it."""

    pointer: str
    detail: str


class ClientError(Exception):
    """Anything the client reports; its text is for people."""


class ServiceUnreachable(ClientError):
    """No answer from the service."""


class NotTrusted(ServiceUnreachable):
    """The service's certificate does not prove that it is the one asked for; nothing was sent."""


class StillRunning(ClientError):
    """The job that was waited for had not ended in time; it goes on."""


class ApiError(ClientError):
    """The service answered with a problem (RFC 9457)."""

    def __init__(self, status: int, problem: dict[str, Any], retry_after: float | None = None) -> None:
        """Keep the HTTP status, the problem's members, and the seconds after which to ask again, where it says so."""
        self.status = status
        self.retry_after = retry_after
        self.title = str(problem.get("title", f"HTTP {status}"))
        self.detail = str(problem.get("detail", ""))
        self.request_id = str(problem.get("request_id", ""))
        self.faults = tuple(
            Fault(str(error.get("pointer", "")), str(error.get("detail", ""))) for error in problem.get("errors", [])
        )
        super().__init__(f"{self.title}: {self.detail}" if self.detail else self.title)


def passes(error: ClientError) -> bool:
    """Return whether asking again in a while may help."""
    if isinstance(error, ApiError):
        return error.status in PASSING
    return isinstance(error, ServiceUnreachable) and not isinstance(error, NotTrusted)
