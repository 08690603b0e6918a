"""Opening files below a directory by names that came from outside: no way up, no links, nothing but plain files."""

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class NotAPlainFile(Exception):
    """The path does not lead to a plain file below the directory."""


def open_beneath(root: Path, relative: str) -> IO[bytes]:
    """Open a plain file below `root` for reading.

    Every directory on the way is opened by its parent's descriptor without following links, so nothing outside
    `root` can be reached, whatever is renamed meanwhile.

    Raises:
        NotAPlainFile: the path goes up, over a link, or does not end at a plain file.
    """
    parts = _parts(relative)
    try:
        with _directory(root, parts[:-1]) as directory:
            descriptor = os.open(parts[-1], _FILE, dir_fd=directory)
    except OSError as error:
        raise NotAPlainFile(relative) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotAPlainFile(relative)
    return os.fdopen(descriptor, "rb")


def _parts(relative: str) -> tuple[str, ...]:
    parts = PurePosixPath(relative).parts
    if not parts or "\0" in relative or relative.startswith("/") or ".." in parts:
        raise NotAPlainFile(relative)
    return parts


@contextlib.contextmanager
def _directory(root: Path, parts: tuple[str, ...]) -> Iterator[int]:
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts:
            inner = os.open(part, _DIRECTORY, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def free_bytes(directory: Path) -> int:
    """Return the bytes an ordinary user may still write on the file system of a directory."""
    facts = os.statvfs(directory)
    return facts.f_bavail * facts.f_frsize
