"""Where a pool keeps its files on a worker host, and how agent, slots and step runners read and write them.

Files are the truth; doorbells only cut the wait.
"""

import contextlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lmsvc.files import write_json

JsonObject = dict[str, Any]


def read_json(path: Path) -> JsonObject:
    """Return the object in a file; an empty one if the file is absent or not an object."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def empty_directory(directory: Path) -> None:
    """Remove everything in a directory that can be removed; links are not followed."""
    for root, directories, files in os.walk(directory, topdown=False):
        for name in (*files, *directories):
            path = Path(root, name)
            with contextlib.suppress(OSError):
                if path.is_dir() and not path.is_symlink():
                    path.rmdir()
                else:
                    path.unlink()


class SlotFiles:
    """The directory of one slot."""

    def __init__(self, directory: Path) -> None:
        """Name the files of the slot in ``directory``."""
        self.directory = directory
        self.name = directory.name
        self.assignment = directory / "assignment.json"
        self.state = directory / "state.json"
        self.gate = directory / "gate"
        self.running = directory / "running.json"
        self.doorbell = directory / "doorbell"
        self.lock = directory / "lock"
        self.log = directory / "worker.log"
        self.work = directory / "work"

    def make(self) -> None:
        """Make the directory."""
        self.work.mkdir(parents=True, exist_ok=True)

    def forget_work(self) -> None:
        """Remove what says that something runs in the slot."""
        for path in (self.running, self.state):
            path.unlink(missing_ok=True)

    def has_task(self) -> bool:
        """Return whether a task runs in the slot or its result has not been fetched yet."""
        return self.running.exists() or any(self.sandboxes())

    def sandboxes(self) -> list[Path]:
        """Return the sandboxes of its workers' tasks."""
        with contextlib.suppress(OSError):
            return list(self.work.glob("worker-*/t.*"))
        return []


class PoolFiles:
    """The directory of one pool on this host."""

    def __init__(self, directory: Path) -> None:
        """Name the files of the pool in ``directory``."""
        self.directory = directory
        self.slots = directory / "slots"
        self.slots_doorbell = self.slots / "doorbell"
        self.refuse = directory / "refuse.json"
        self.allocation = directory / "allocation.json"
        self.configuration = directory / "slot.json"
        self.kept = directory / "kept.json"
        self.launcher = directory / "slot"
        self.factories = directory / "factories"
        self.log = directory / "factory.log"
        self.lock = directory / "lock"

    def make(self) -> None:
        """Make the directories, for this user only."""
        for path in (self.directory, self.slots, self.factories):
            path.mkdir(parents=True, exist_ok=True, mode=0o700)

    def slot(self, host: str, number: int) -> SlotFiles:
        """Return the files of this host's slot of that number, counted from 1."""
        return SlotFiles(self.slots / f"{host}-{number}")

    def named(self, name: str) -> SlotFiles:
        """Return the files of a slot by its name."""
        return SlotFiles(self.slots / name)

    def every_slot(self) -> list[SlotFiles]:
        """Return the files of all slots that there are or ever were."""
        return [SlotFiles(path) for path in sorted(self.slots.iterdir()) if path.is_dir()]

    def keep(self, names: Iterable[str]) -> None:
        """Say which slots are kept alive; a slot that is left out ends its task and is then no more."""
        write_json(self.kept, {"slots": list(names)})

    def kept_slots(self) -> list[str] | None:
        """Return the names of the slots that are kept alive; None where no agent has said so."""
        names = read_json(self.kept).get("slots")
        return names if isinstance(names, list) else None
