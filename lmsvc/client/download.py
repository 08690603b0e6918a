"""Downloads that appear under their name only when they are whole."""

from collections.abc import Callable
from pathlib import Path

from lmsvc.client.errors import ClientError
from lmsvc.client.transport import Transport

Progress = Callable[[int, int], None]


def download(transport: Transport, path: str, target: Path, progress: Progress | None = None) -> Path:
    """Write what is at ``path`` to ``target`` and return it.

    Raises:
        ClientError: The body was shorter than announced.
    """
    part = target.with_name(target.name + ".part")
    try:
        _fetch(transport, path, part, progress or (lambda done, total: None))
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def _fetch(transport: Transport, path: str, part: Path, progress: Progress) -> None:
    with transport.stream(path) as response, part.open("wb") as file:
        total, done = int(response.headers.get("Content-Length", 0)), 0
        for piece in response.iter_raw(1 << 18):
            done += file.write(piece)
            progress(done, total)
    if done < total:
        raise ClientError(f"the download of {path} stopped at {done} of {total} bytes")
