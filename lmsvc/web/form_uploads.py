"""Files that come inside a form, from browsers that run no script: stored like any other upload."""

import hashlib
import os
import tempfile
from pathlib import Path, PurePosixPath

from werkzeug.datastructures import FileStorage

from lmsvc.store.records import Upload
from lmsvc.web.contents import Received, keep
from lmsvc.web.receiving import PIECE_BYTES, require_acceptable, require_good_name
from lmsvc.web.services import services
from lmsvc.web.uploads import user


def upload_of(storage: FileStorage) -> Upload:
    """Store a file of a form and return it as an upload of the person who sent it.

    Raises:
        Problem: its name cannot be used, it is more than the person may have, or there is no room for it.
    """
    name = PurePosixPath((storage.filename or "").replace("\\", "/")).name
    require_good_name(name)
    require_acceptable(_size(storage))
    directory = services().paths.incoming
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=directory, delete=False) as stream:
        path = Path(stream.name)
    try:
        stored, _ = keep(_copied(storage, path), name, user())
        return stored
    finally:
        path.unlink(missing_ok=True)


def _size(storage: FileStorage) -> int:
    """Return the bytes of a file, which came whole with its form."""
    size = storage.stream.seek(0, os.SEEK_END)
    storage.stream.seek(0)
    return size


def _copied(storage: FileStorage, path: Path) -> Received:
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as target:
        while piece := storage.stream.read(PIECE_BYTES):
            size += len(piece)
            target.write(piece)
            digest.update(piece)
        target.flush()
        os.fsync(target.fileno())
    return Received(path, size, digest.hexdigest())
