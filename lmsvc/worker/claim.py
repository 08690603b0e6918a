"""How a slot process becomes a slot: by locking the directory of one that is kept and held by nobody."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from lmsvc.worker.files import PoolFiles, SlotFiles


@contextmanager
def claimed(pool: PoolFiles) -> Iterator[SlotFiles | None]:
    """Hold the first kept slot that nobody holds; None where there is none.

    Which slots are kept is read each time, since the agent changes it. A lock also ends with the process.
    """
    for name in pool.kept_slots() or ():
        files = pool.named(name)
        files.make()
        fd = os.open(files.lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if _locked(fd):
                yield files
                return
        finally:
            os.close(fd)
    yield None


def _locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
