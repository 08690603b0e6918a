"""What uploads leave on the disk, and when it goes: the web service puts it there, the controller lets it go."""

import contextlib
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from lmsvc.locks import held
from lmsvc.paths import DataPaths
from lmsvc.store.records import Upload
from lmsvc.store.store import Store

CUT_OFF_SECONDS = 86_400.0
"""A temporary file that nobody has written to for this long is what a crash left."""
GRACE_SECONDS = 600.0
"""So long after an upload in parts has expired it is removed: whoever was still sending has ended or was given up."""


@contextlib.contextmanager
def locked(paths: DataPaths) -> Iterator[None]:
    """Keep others from adding and removing the same content between file and row."""
    paths.uploads.mkdir(parents=True, exist_ok=True)
    with held(paths.uploads / ".lock"):
        yield


def remove_expired(store: Store, paths: DataPaths, upload: Upload, now: float) -> bool:
    """Forget that a user has an upload that has expired, and remove the file where nobody else has it.

    Returns:
        False, and nothing is done, where it is kept longer or a job uses it after all.
    """
    with locked(paths):
        return store.remove_upload(upload, now, lambda: paths.upload(upload.sha256).unlink(missing_ok=True))


def remove_unfinished(paths: DataPaths, lifetime_seconds: float, now: float) -> None:
    """Remove uploads in parts of which nothing has come for so long, and temporary files of uploads cut off."""
    for path in paths.transfers.glob("*"):
        if _newest(path) + lifetime_seconds + GRACE_SECONDS < now:
            shutil.rmtree(path, ignore_errors=True)
    for path in paths.incoming.glob("*"):
        if _newest(path) + CUT_OFF_SECONDS < now:
            path.unlink(missing_ok=True)


def _newest(path: Path) -> float:
    """Return when a file, or anything in a directory, changed last; now where it is just going."""
    try:
        inside = list(path.iterdir()) if path.is_dir() else []
        return max([each.stat().st_mtime for each in (path, *inside)])
    except FileNotFoundError:
        return time.time()
