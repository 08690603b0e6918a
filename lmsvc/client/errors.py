"""What can go wrong between a client and the service."""

from dataclasses import dataclass
from typing import Any


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


class ApiError(ClientError):
    """The service answered with a problem (RFC 9457)."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        """Keep the HTTP status and the problem's members."""
        self.status = status
        self.title = str(problem.get("title", f"HTTP {status}"))
        self.detail = str(problem.get("detail", ""))
        self.request_id = str(problem.get("request_id", ""))
        self.faults = tuple(
            Fault(str(error.get("pointer", "")), str(error.get("detail", ""))) for error in problem.get("errors", [])
        )
        super().__init__(f"{self.title}: {self.detail}" if self.detail else self.title)
