"""HTTP underneath the client: errors become this package's own, problems become ApiError."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from lmsvc.client.errors import ApiError, NotTrusted, ServiceUnreachable
from lmsvc.client.trust import authorization, certificates, distrust

TOO_FAST = 429
HARMLESS = ("GET", "HEAD")
TRIES = 5
LONGEST_PAUSE_SECONDS = 10.0

Query = dict[str, str | int | float | bool]
Content = bytes | Iterator[bytes] | None


class Transport:
    """One connection pool to one service."""

    def __init__(self, url: str, timeout: float, token: str | None = None, ca_file: Path | None = None) -> None:
        """Prepare for the service at ``url``; an answer may take ``timeout`` seconds.

        Redirects are not followed, so the token goes nowhere else.
        """
        self.url = url.rstrip("/")
        self._http = httpx.Client(
            base_url=self.url,
            headers=authorization(token),
            timeout=timeout,
            verify=url.startswith("https:") and certificates(ca_file),
            trust_env=not _is_loopback(url),
            follow_redirects=False,
        )
        self._timeout = timeout

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def send(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        headers: dict[str, str] | None = None,
        content: Content = None,
    ) -> httpx.Response:
        """Return the whole answer to one request; a 304 is an answer, an error status raises.

        Where the service finds that questions come too fast, they wait as long as it says.
        """
        timeout = self._timeout + float((query or {}).get("wait", 0))
        for _ in range(TRIES):
            with self.reach():
                response = self._http.request(
                    method, path, params=query, headers=headers, timeout=timeout, content=content
                )
            if response.status_code != TOO_FAST or method not in HARMLESS:
                break
            time.sleep(min(_seconds(response.headers.get("Retry-After", "")) or 1.0, LONGEST_PAUSE_SECONDS))
        _raise_problem(response)
        return response

    @contextmanager
    def stream(self, path: str, headers: dict[str, str] | None = None) -> Iterator[httpx.Response]:
        """Give an answer whose body is read piece by piece."""
        with self.reach(), self._http.stream("GET", path, headers=headers) as response:
            if response.is_error:
                response.read()
            _raise_problem(response)
            yield response

    @contextmanager
    def reach(self) -> Iterator[None]:
        """Turn the failures of the network into ServiceUnreachable."""
        try:
            yield
        except httpx.InvalidURL as error:
            raise ServiceUnreachable(f"{self.url} is not an address: {error}") from error
        except httpx.TransportError as error:
            if why := distrust(error):
                raise NotTrusted(f"the certificate of {self.url} is not trusted: {why}") from error
            raise ServiceUnreachable(f"no answer from {self.url}: {error or type(error).__name__}") from error


def _is_loopback(url: str) -> bool:
    return (urlsplit(url).hostname or "") in ("localhost", "127.0.0.1", "::1")


def _raise_problem(response: httpx.Response) -> None:
    if response.has_redirect_location:
        raise ServiceUnreachable(f"{response.url} moved to {response.headers['Location']}: use that address")
    if not response.is_error:
        return
    try:
        problem = response.json()
    except ValueError:
        problem = {"detail": response.text[:500]}
    known = problem if isinstance(problem, dict) else {"detail": str(problem)}
    raise ApiError(response.status_code, known, _seconds(response.headers.get("Retry-After", "")))


def _seconds(text: str) -> float | None:
    return float(text) if text.isdecimal() else None
