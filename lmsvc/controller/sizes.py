"""What directories take on the disk."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


def disk_bytes(directory: Path) -> int:
    """Return how many bytes the files below a directory take; one with several names counts once."""
    found = {(it.st_dev, it.st_ino): it.st_blocks * 512 for it in _stats(directory)}
    return sum(found.values())


def _stats(directory: Path) -> Iterator[os.stat_result]:
    for folder, _, files in os.walk(directory):
        for name in files:
            with contextlib.suppress(FileNotFoundError):
                yield os.lstat(Path(folder) / name)
