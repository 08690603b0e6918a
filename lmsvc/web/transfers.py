"""Uploads that come in parts: what is known of each and what has arrived lie on disk, so a restart loses nothing."""

import hashlib
import json
import os
import shutil
import threading
import time
from collections import OrderedDict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from lmsvc.web.turns import Turns

MOST_DIGESTS = 64


class Digest(Protocol):
    """A checksum that grows with what it is given."""

    def update(self, data: bytes, /) -> None:
        """Take more bytes in."""

    def digest(self) -> bytes:
        """Return the checksum."""

    def hexdigest(self) -> str:
        """Return the checksum in hex digits."""


@dataclass(frozen=True)
class Transfer:
    """An upload in parts.

    Attributes:
        id: random, so that nobody guesses it.
        user: who began it.
        name: of the file.
        size: bytes it will have.
        metadata: as the client sent it; it is given back.
        sha256: what the client says of the whole; None where it says nothing.
        created: epoch seconds.
        upload: id of the upload it has become; None until it is whole.
    """

    id: str
    user: str
    name: str
    size: int
    metadata: str
    sha256: str | None
    created: float
    upload: str | None = None


class Transfers:
    """The transfers of one data directory."""

    def __init__(self, root: Path, lifetime_seconds: float) -> None:
        """Find them below `root`, each until nothing came for `lifetime_seconds`; the controller removes it then."""
        self._root = root
        self._lifetime = lifetime_seconds
        self.turns = Turns()
        self._lock = threading.Lock()
        self._digests: OrderedDict[str, tuple[int, Digest]] = OrderedDict()

    def begin(self, transfer: Transfer) -> None:
        """Make room for a new transfer."""
        (self._root / transfer.id).mkdir(parents=True)
        self.data(transfer).touch()
        self.save(transfer)

    def find(self, identity: str) -> Transfer | None:
        """Return a transfer that has not expired."""
        try:
            found = Transfer(**json.loads((self._root / identity / "about.json").read_bytes()))
            return found if self.expires(found) > time.time() else None
        except (OSError, ValueError, TypeError):
            return None

    def unfinished(self, user: str) -> list[Transfer]:
        """Return a user's transfers that are not whole yet, the oldest first."""
        found = (self.find(path.name) for path in self._root.glob("*"))
        mine = (each for each in found if each is not None and each.user == user and each.upload is None)
        return sorted(mine, key=lambda transfer: transfer.created)

    def data(self, transfer: Transfer) -> Path:
        """Return the file with what has arrived."""
        return self._root / transfer.id / "data"

    def offset(self, transfer: Transfer) -> int:
        """Return how many bytes have arrived."""
        return self.data(transfer).stat().st_size if transfer.upload is None else transfer.size

    def expires(self, transfer: Transfer) -> float:
        """Return when it is forgotten unless more comes, epoch seconds."""
        there = self.data(transfer) if transfer.upload is None else self._root / transfer.id / "about.json"
        return there.stat().st_mtime + self._lifetime

    def save(self, transfer: Transfer) -> None:
        """Write what is known of a transfer, whole or not at all."""
        partial = self._root / transfer.id / "about.partial"
        with partial.open("w", encoding="utf-8") as file:
            json.dump(asdict(transfer), file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(partial.with_suffix(".json"))

    def remove(self, identity: str) -> None:
        """Forget a transfer and what has arrived of it; the upload it may have become stays."""
        shutil.rmtree(self._root / identity, ignore_errors=True)

    def take_digest(self, transfer: Transfer, offset: int) -> Digest | None:
        """Return the running sha256 of the first `offset` bytes, where it is at hand; it is no longer afterwards."""
        if offset == 0:
            return hashlib.sha256()
        with self._lock:
            at, digest = self._digests.pop(transfer.id, (-1, hashlib.sha256()))
        return digest if at == offset else None

    def keep_digest(self, transfer: Transfer, offset: int, digest: Digest | None) -> None:
        """Hold the running sha256 of the first `offset` bytes, so that they need not be read again."""
        if digest is None:
            return
        with self._lock:
            self._digests[transfer.id] = (offset, digest)
            while len(self._digests) > MOST_DIGESTS:
                self._digests.popitem(last=False)

    def sha256(self, transfer: Transfer) -> str:
        """Return the checksum of a transfer that has arrived whole."""
        digest = self.take_digest(transfer, transfer.size)
        if digest is None:
            with self.data(transfer).open("rb") as file:
                digest = hashlib.file_digest(file, "sha256")
        return digest.hexdigest()
