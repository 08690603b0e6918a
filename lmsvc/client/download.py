"""Downloads that go on where they broke off, and appear under their name only when they are whole."""

import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from lmsvc.client.errors import ApiError, ClientError, passes
from lmsvc.client.patience import Patience
from lmsvc.client.transport import Transport

PIECE_BYTES = 1 << 18
RANGE_NOT_SATISFIABLE = 416

Progress = Callable[[int, int], None]


class _CutShort(ClientError):
    """The body was shorter than announced."""


def download(transport: Transport, path: str, target: Path, progress: Progress | None = None) -> Path:
    """Write what is at ``path`` to ``target`` and return it.

    What came of a download that broke off lies beside the target, named after the version of the file; the next call
    goes on with it, unless the service has another version now.

    Args:
        transport: to the service.
        path: of the URL.
        target: file to write.
        progress: told the bytes so far, and the bytes in all (0 where the service does not say).

    Raises:
        ClientError: the service refuses it, the body was shorter than announced, or the service was away for a minute.
        OSError: the file cannot be written.
    """
    coming = _Coming(target)
    patience = Patience(passing=lambda error: coming.tag is not None and _mends(error))
    while True:
        before = coming.done
        try:
            _fetch(transport, path, coming, progress or (lambda done, total: None))
        except ClientError as error:
            if coming.done > before:
                patience.progressed()
            coming.forget_useless(error)
            patience.failed(error)
        else:
            coming.part.replace(target)
            return target


@dataclass
class _Coming:
    """What has come of a file: its version, and the bytes in the file for the part."""

    target: Path
    tag: str | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        pattern = re.compile(re.escape(self.target.name) + r"\.([\w-]{1,100})\.part")
        found = (pattern.fullmatch(file.name) for file in self.target.parent.glob("*.part"))
        self.tag = next((match[1] for match in found if match), None)

    @property
    def part(self) -> Path:
        """The file with what has come."""
        return self.target.with_name(".".join(filter(None, (self.target.name, self.tag, "part"))))

    @property
    def done(self) -> int:
        """How many bytes have come."""
        return self.part.stat().st_size if self.tag and self.part.exists() else 0

    def headers(self) -> dict[str, str]:
        """Return what to ask for: only the rest, where something of this version is there."""
        asked = {"Accept-Encoding": "identity"}
        return {**asked, "Range": f"bytes={self.done}-", "If-Range": f'"{self.tag}"'} if self.done else asked

    def becomes(self, response: httpx.Response) -> None:
        """Note the version that is sent; forget what is there of another, or where all of it is sent again."""
        if response.status_code != httpx.codes.PARTIAL_CONTENT:
            self.part.unlink(missing_ok=True)
            tag = response.headers.get("ETag", "").strip('"')
            self.tag = tag if re.fullmatch(r"[\w-]{1,100}", tag) else None

    def forget_useless(self, error: ClientError) -> None:
        """Remove what nobody can go on with."""
        beyond = isinstance(error, ApiError) and error.status == RANGE_NOT_SATISFIABLE
        if self.tag is None or beyond:
            with contextlib.suppress(FileNotFoundError):
                self.part.unlink()


def _mends(error: ClientError) -> bool:
    beyond = isinstance(error, ApiError) and error.status == RANGE_NOT_SATISFIABLE
    return passes(error) or isinstance(error, _CutShort) or beyond


def _fetch(transport: Transport, path: str, coming: _Coming, progress: Progress) -> None:
    with transport.stream(path, coming.headers()) as response:
        coming.becomes(response)
        done = coming.done
        length = response.headers.get("Content-Length")
        total = done + int(length) if length else 0
        with coming.part.open("ab" if coming.tag else "wb") as file:
            for piece in response.iter_raw(PIECE_BYTES):
                done += file.write(piece)
                progress(done, total)
    if done < total:
        raise _CutShort(f"the download of {path} stopped at {done} of {total} bytes")
