"""The files jobs read, kept once per content, whoever brought them and however they came."""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from lmsvc.store.records import Upload
from lmsvc.uploads import locked
from lmsvc.web.services import services


@dataclass(frozen=True)
class Received:
    """A file that arrived whole and is on disk under a temporary name."""

    path: Path
    size: int
    sha256: str


def keep(received: Received, name: str, user: str) -> tuple[Upload, bool]:
    """Move a received file to its place, unless its content is there, and note whose it is.

    Returns:
        The upload as the user has it, under the first name the user gave it, and whether that is new.
    """
    store, paths = services().store, services().paths
    identity = received.sha256[:32]
    with locked(paths):
        mine, place = store.upload(identity, user), paths.upload(received.sha256)
        if not (place.exists() and store.upload(identity)):
            place.parent.mkdir(parents=True, exist_ok=True)
            received.path.rename(place)
            _sync_directory(place.parent)
        upload = Upload(identity, name, received.size, received.sha256, time.time(), user)
        return store.add_upload(upload), mine is None


def forget(upload: Upload) -> bool:
    """Forget that its user has an upload, and remove the file where nobody else has it.

    Returns:
        False, and nothing is done, while a job that is not over needs it.
    """
    store, paths = services().store, services().paths
    with locked(paths):
        if not store.delete_upload(upload.id, upload.user):
            return False
        if store.upload(upload.id) is None:
            paths.upload(upload.sha256).unlink(missing_ok=True)
        return True


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
