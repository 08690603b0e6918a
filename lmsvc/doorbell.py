"""A doorbell: a FIFO that cuts a waiting process's wait short.

Files and database rows are the truth; a ring only says "look now". Ringing a bell nobody listens to does nothing.
"""

import contextlib
import errno
import os
import select
from pathlib import Path


def ring(path: Path) -> None:
    """Wake whoever listens at ``path``; does nothing where nobody does."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno in (errno.ENXIO, errno.ENOENT):
            return
        raise
    try:
        with contextlib.suppress(BlockingIOError):
            os.write(fd, b"!")
    finally:
        os.close(fd)


class Doorbell:
    """The listening side of a doorbell."""

    def __init__(self, path: Path) -> None:
        """Make the FIFO at ``path`` if it is absent and listen to it."""
        with contextlib.suppress(FileExistsError):
            os.mkfifo(path, 0o600)
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)

    def fileno(self) -> int:
        """Return the descriptor to select on."""
        return self._fd

    def wait(self, seconds: float) -> bool:
        """Wait until somebody rings, at most ``seconds``; return whether somebody did."""
        readable, _, _ = select.select([self._fd], [], [], seconds)
        if not readable:
            return False
        with contextlib.suppress(BlockingIOError):
            while os.read(self._fd, 4096):
                pass
        return True

    def close(self) -> None:
        """Stop listening."""
        os.close(self._fd)
