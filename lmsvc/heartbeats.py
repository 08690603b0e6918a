"""The sign of life of every controller on a data directory: a small file, written anew every few seconds."""

import json
import math
import time
from dataclasses import dataclass, field
from pathlib import Path

from lmsvc.files import write_json

FRESH_SECONDS = 15.0
"""A controller not heard from for this long is taken for gone."""


@dataclass(frozen=True)
class Heartbeat:
    """What a controller said of itself last.

    Attributes:
        host: the host it runs on.
        time: when, epoch seconds.
        pid: its process id, which means something on its own host only.
        version: of lmsvc.
        leads: whether it shares the slots out for all controllers.
        slots: live slots by pool.
        address: of its host as the catalog sees it; empty where that is not known.
    """

    host: str
    time: float
    pid: int = 0
    version: str = ""
    leads: bool = False
    slots: dict[str, int] = field(default_factory=dict)
    address: str = ""

    def age(self) -> float:
        """Return the seconds since it was heard from."""
        return time.time() - self.time

    def fresh(self) -> bool:
        """Return whether it was heard from lately."""
        return self.age() <= FRESH_SECONDS


def write_heartbeat(directory: Path, beat: Heartbeat) -> None:
    """Replace a controller's heartbeat in a directory."""
    write_json(directory / f"{beat.host}.json", vars(beat), indent=1)


def remove_heartbeat(directory: Path, host: str) -> None:
    """Forget a controller that has ended."""
    (directory / f"{host}.json").unlink(missing_ok=True)


def read_heartbeats(directory: Path) -> list[Heartbeat]:
    """Return the heartbeats in a directory that can be read, by host."""
    found = (_read(path) for path in sorted(directory.glob("*.json")))
    return [beat for beat in found if beat is not None]


def _read(path: Path) -> Heartbeat | None:
    try:
        known = json.loads(path.read_bytes())
        told = {name: value for name, value in known.items() if name in Heartbeat.__dataclass_fields__}
        beat = Heartbeat(**{**told, "host": path.stem})
        return beat if math.isfinite(float(beat.time)) else None
    except (OSError, ValueError, TypeError, AttributeError):
        return None
