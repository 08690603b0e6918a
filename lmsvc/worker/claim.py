"""A slot process becomes a slot by locking the directory of one that is kept and held by nobody."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from lmsvc.locks import try_to_hold
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
