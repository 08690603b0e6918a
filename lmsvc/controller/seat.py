"""The seat of a controller: one per host name and data directory, held for as long as its process lives.

Who takes a free seat knows that the controller that had it last is gone, whatever ended it, and need not wait until the
claims of that controller run out.

| the seat | who had it last | its claims |
| --- | --- | --- |
| is held | lives, or nobody can tell | are left alone; they run out by themselves |
| is free | had it since this kernel started | are given up: the kernel frees a seat only when its holder has ended |
| is free | had it before this kernel started, or on another machine | are left alone |
| cannot be held here | nobody can tell | are left alone |

The kernel's lock is what counts and not a process id, which means nothing in another container and may be given to
somebody else.
"""

import fcntl
import json
import logging
from pathlib import Path
from typing import IO

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

log = logging.getLogger(__name__)


class Seat:
    """The seat in a file. It is free again when the process has ended, however it did."""

    def __init__(self, path: Path) -> None:
        """Name the file; nothing is held yet."""
        self._path = path
        self._file: IO[str] | None = None

    def take(self) -> str | None:
        """Hold the seat if it is free.

        Returns:
            The name of the controller that had it before and has surely ended; None where that is not known.
        """
        try:
            file = self._path.open("a+", encoding="utf-8")
        except OSError as error:
            log.warning("no seat: %s", error)
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            log.warning("the seat %s cannot be had: %s", self._path, error)
            file.close()
            return None
        self._file = file
        return self._last()

    def sit(self, owner: str) -> None:
        """Write down who holds the seat, where it is held. Whoever has it must have dealt with who had it before."""
        if self._file is None:
            return
        self._file.seek(0)
        self._file.truncate()
        json.dump({"owner": owner, "boot": _boot()}, self._file)
        self._file.flush()

    def leave(self) -> None:
        """Free the seat; its claims must have been given up."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _last(self) -> str | None:
        assert self._file is not None
        self._file.seek(0)
        try:
            last = json.load(self._file)
            return str(last["owner"]) if last["boot"] and last["boot"] == _boot() else None
        except (ValueError, TypeError, KeyError, OSError):
            return None


def _boot() -> str:
    """Return what names this kernel's run, the same in each of its containers; empty where that is not told."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def seat_of(directory: Path, host: str) -> Seat:
    """Return the seat of a host's controller in the directory of heartbeats."""
    return Seat(directory / f"{host}.seat")
