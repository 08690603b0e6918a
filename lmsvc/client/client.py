"""The client: one method per operation of the API."""

from pathlib import Path
from types import TracebackType
from typing import Self

from lmsvc.client.files import FileCalls
from lmsvc.client.jobs import JobCalls
from lmsvc.client.people import PeopleCalls
from lmsvc.client.site import SiteCalls
from lmsvc.client.transport import Transport
from lmsvc.client.workflows import WorkflowCalls


class Client(JobCalls, FileCalls, SiteCalls, WorkflowCalls, PeopleCalls):
    """Talks to one service.

    Every method raises ``ServiceUnreachable`` where nothing answers and ``ApiError`` where the service says no; both
    are ``ClientError``.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8080",
        timeout: float = 30.0,
        *,
        token: str | None = None,
        ca_file: Path | None = None,
    ) -> None:
        """Prepare for a service; nothing is sent yet.

        Args:
            url: its address.
            timeout: seconds an answer may take.
            token: what the service asks for, where it asks for one.
            ca_file: certificate of the authority that the service's certificate must be of; default: the public ones.

        Raises:
            ClientError: the token or the certificate cannot be used.
            OSError: ``ca_file`` cannot be read.
        """
        self.url = url.rstrip("/")
        self._transport = Transport(url, timeout, token, ca_file)

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        self.close()

    def close(self) -> None:
        """Close all connections for good."""
        self._transport.close()
