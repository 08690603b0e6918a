"""What one process at a time may have, by a lock on a file, which also ends with the process.

A slot process becomes a slot by locking the directory of one that is kept and held by nobody.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lmsvc.worker.files import PoolFiles, SlotFiles


@contextmanager
def claimed(pool: PoolFiles) -> Iterator[SlotFiles | None]:
    """Hold the first kept slot that nobody holds; None where there is none.

    Which slots are kept is read each time, since the agent changes it.
    """
    for name in pool.kept_slots() or ():
        files = pool.named(name)
        files.make()
        fd = try_to_hold(files.lock)
        if fd is not None:
            try:
                yield files
            finally:
                os.close(fd)
            return
    yield None


def try_to_hold(path: Path) -> int | None:
    """Lock a file, made where there is none, until the descriptor returned is closed; None where another holds it."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    return fd


@contextmanager
def held_file(path: Path) -> Iterator[None]:
    """Hold a lock on a file, waiting for it."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
