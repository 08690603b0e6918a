"""The client: one method per operation of the API."""

import json
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, cast
from urllib.parse import quote

from lmsvc.client.download import download
from lmsvc.client.errors import ServiceUnreachable
from lmsvc.client.models import Job, JobPage, Record, Submitted, Upload
from lmsvc.client.transport import Query, Transport

API = "/api/v1"
JSON = {"Content-Type": "application/json"}
PIECE_BYTES = 1 << 18
Progress = Callable[[int], None]


class Client:
    """Talks to one service.

    Every method raises ``ServiceUnreachable`` where nothing answers and ``ApiError`` where the service says no.
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

    def upload(self, path: Path, progress: Progress | None = None) -> Upload:
        """Store a file; ``progress`` is told the bytes of each piece sent."""
        headers = {"Content-Length": str(path.stat().st_size), "Content-Type": "application/octet-stream"}
        pieces = _pieces(path, progress or (lambda _: None))
        url = f"{API}/uploads/{quote(path.name, safe='')}"
        return cast(Upload, self._transport.send("PUT", url, None, headers, pieces).json())

    def submit(self, document: object) -> Submitted:
        """Submit a job; sending it twice where the first answer got lost still makes one job."""
        headers = {"Idempotency-Key": str(uuid.uuid4()), **JSON}
        send = partial(self._transport.send, "POST", f"{API}/jobs", None, headers, _encode(document))
        try:
            return cast(Submitted, send().json())
        except ServiceUnreachable:
            return cast(Submitted, send().json())

    def plan(self, document: object) -> Record:
        """Return the plan the service would make of a document, without submitting it."""
        answer = self._transport.send("POST", f"{API}/jobs", {"dry_run": "true"}, JSON, _encode(document))
        return cast(Record, answer.json())

    def job(self, job_id: str) -> Job:
        """Return the state of a job."""
        return cast(Job, self._object("GET", _job(job_id)))

    def change(self, job_id: str, etag: str, wait: float = 0.0) -> tuple[Job | None, str]:
        """Return the state of a job and its ETag once that differs from ``etag``; None after ``wait`` seconds."""
        answer = self._transport.send("GET", _job(job_id), {"wait": wait}, {"If-None-Match": etag} if etag else None)
        if answer.status_code == 304:
            return None, etag
        return cast(Job, answer.json()), answer.headers.get("ETag", "")

    def jobs(self, **filters: str | int) -> JobPage:
        """Return one page of jobs; filters are those of the API (``state``, ``tag``, ``q``, ``cursor``, ``limit``)."""
        return cast(JobPage, self._object("GET", f"{API}/jobs", dict(filters)))

    def log(self, job_id: str, step: str | None = None, item: int | None = None, stream: str = "both") -> str:
        """Return the log of a job, of one of its steps, or of one item; ``stream`` is stdout, stderr or both."""
        query: Query = {"stream": stream}
        if step is not None:
            query["step"] = step
        if item is not None:
            query["item"] = item
        return self._transport.send("GET", f"{_job(job_id)}/log", query).text

    def outputs(self, job_id: str) -> Iterator[Record]:
        """Yield the published files of a job."""
        return self._all(f"{_job(job_id)}/outputs", "outputs")

    def items(self, job_id: str, **filters: str) -> Iterator[Record]:
        """Yield the items of a job that failed, were skipped or not run; filters are ``step`` and ``state``."""
        return self._all(f"{_job(job_id)}/items", "items", dict(filters))

    def download_output(self, job_id: str, path: str, target: Path) -> Path:
        """Write one published file to ``target`` and return it."""
        return download(self._transport, f"{_job(job_id)}/outputs/{quote(path)}", target)

    def download_package(self, job_id: str, target: Path, progress: Callable[[int, int], None] | None = None) -> Path:
        """Write the package of a job to ``target``; ``progress`` is told bytes so far and in all."""
        return download(self._transport, f"{_job(job_id)}/package", target, progress)

    def cancel(self, job_id: str) -> Job:
        """Ask for the end of a job."""
        return cast(Job, self._object("POST", f"{_job(job_id)}/cancel"))

    def retry(self, job_id: str) -> Job:
        """Run again what failed or is missing."""
        return cast(Job, self._object("POST", f"{_job(job_id)}/retry"))

    def delete(self, job_id: str) -> None:
        """Delete a finished job and all its files."""
        self._transport.send("DELETE", _job(job_id))

    def tools(self) -> list[Record]:
        """Return all registered tools."""
        return list(self._all(f"{API}/tools", "tools"))

    def tool(self, name: str) -> Record:
        """Return one tool with its inputs and outputs."""
        return self._object("GET", f"{API}/tools/{quote(name, safe='')}")

    def datasets(self) -> list[Record]:
        """Return the site's datasets."""
        return list(self._all(f"{API}/datasets", "datasets"))

    def pools(self) -> list[Record]:
        """Return the pools with their slots as they are now."""
        return list(self._all(f"{API}/pools", "pools"))

    def openapi(self) -> Record:
        """Return the API's own description."""
        return self._object("GET", "/openapi.json")

    def ready(self) -> bool:
        """Return whether the service takes jobs now."""
        self._transport.send("GET", "/readyz")
        return True

    def _all(self, path: str, name: str, query: Query | None = None) -> Iterator[Record]:
        cursor: Query = {}
        while True:
            page = self._object("GET", path, {**(query or {}), **cursor})
            yield from page[name]
            if not page.get("next"):
                return
            cursor = {"cursor": page["next"]}

    def _object(self, method: str, path: str, query: Query | None = None) -> Record:
        return cast(Record, self._transport.send(method, path, query).json())


def _job(job_id: str) -> str:
    return f"{API}/jobs/{quote(job_id, safe='')}"


def _encode(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, allow_nan=False).encode()


def _pieces(path: Path, progress: Progress) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece
            progress(len(piece))
