"""The client's part for files: uploads, outputs, packages."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast
from urllib.parse import quote

from lmsvc.client import uploading
from lmsvc.client.calls import API, Calls, job_path
from lmsvc.client.download import download
from lmsvc.client.models import Output, Transfer, Upload
from lmsvc.client.transport import Query

Progress = Callable[[int, int], None]


class FileCalls(Calls):
    """Files to the service and from it; `progress` is told the bytes so far, and the bytes in all."""

    def upload(self, path: Path, progress: Progress | None = None) -> Upload:
        """Store a file and return what is known of it.

        Content the service has already is not sent again, and a large upload that broke off goes on where it was, also
        in another process or on another day.
        """
        return uploading.upload(self._transport, path, progress)

    def stored(self, upload_id: str) -> Upload:
        """Return what is known of an upload."""
        return cast(Upload, self._object("GET", _upload(upload_id)))

    def unfinished_uploads(self) -> list[Transfer]:
        """Return your uploads that broke off and have not expired."""
        return uploading.unfinished(self._transport)

    def delete_upload(self, upload_id: str) -> None:
        """Delete an upload that no unfinished job uses."""
        self._transport.send("DELETE", _upload(upload_id))

    def outputs(self, job_id: str, **filters: str) -> Iterator[Output]:
        """Yield the published files of a job; filters are ``step`` and ``output``."""
        return cast(Iterator[Output], self._all(f"{job_path(job_id)}/outputs", "outputs", _query(filters)))

    def download_output(self, job_id: str, path: str, target: Path, progress: Progress | None = None) -> Path:
        """Write one published file to ``target`` and return it; one that broke off goes on where it was."""
        return download(self._transport, f"{job_path(job_id)}/outputs/{quote(path)}", target, progress)

    def download_package(self, job_id: str, target: Path, progress: Progress | None = None) -> Path:
        """Write the package of a job to ``target`` and return it; one that broke off goes on where it was."""
        return download(self._transport, f"{job_path(job_id)}/package", target, progress)


def _upload(upload_id: str) -> str:
    return f"{API}/uploads/{quote(upload_id, safe='')}"


def _query(filters: dict[str, str]) -> Query:
    return dict(filters)
