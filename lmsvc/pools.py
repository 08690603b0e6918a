"""The pools page: which pools there are, within which bounds, and which hosts are drained.

It is the settings' `pools`, or the file that `pools_file` names, ``{"pools": {name: {...}}}``, with ``drained.json``
beside it, ``{"hosts": [...]}``. Both files are read again when they change; while one cannot be read, what it said last
holds.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from lmsvc.planning.results import PoolShape
from lmsvc.settings import HostName, PoolName, PoolSettings, Settings

DRAINED_FILE = "drained.json"
LOOK_SECONDS = 1.0

Signature = tuple[int, int, int] | None
Page = TypeVar("Page", bound=BaseModel)

log = logging.getLogger(__name__)


class PoolsFile(BaseModel):
    """What the file of pools holds."""

    pools: dict[PoolName, PoolSettings]


class DrainedFile(BaseModel):
    """What the file of drained hosts holds."""

    hosts: frozenset[HostName] = frozenset()


class PoolsPage:
    """The pools and drained hosts as they are now; may be asked by several threads."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the pools of these settings, or of the file they name.

        Args:
            settings: the configuration.
            clock: seconds; the files are looked at once in `LOOK_SECONDS` at most.
        """
        self._fixed = settings.pools
        self._files: tuple[_Watched[PoolsFile], _Watched[DrainedFile]] | None = None
        if settings.pools_file:
            drained = settings.pools_file.with_name(DRAINED_FILE)
            pools = _Watched(settings.pools_file, PoolsFile(pools={}), clock)
            self._files = pools, _Watched(drained, DrainedFile(), clock, may_be_absent=True)

    def pools(self) -> Mapping[str, PoolSettings]:
        """Return the pools by name."""
        return self._files[0].content().pools if self._files else self._fixed

    def drained(self) -> frozenset[str]:
        """Return the hosts that are to get no work."""
        return self._files[1].content().hosts if self._files else frozenset()


class _Watched(Generic[Page]):
    """A file of a known form, and what it said last."""

    def __init__(self, path: Path, nothing: Page, clock: Callable[[], float], *, may_be_absent: bool = False) -> None:
        self._path, self._nothing, self._clock, self._may_be_absent = path, nothing, clock, may_be_absent
        self._lock = threading.Lock()
        self._content = nothing
        self._signature: Signature = None
        self._looked = float("-inf")
        self._complaint = ""

    def content(self) -> Page:
        """Return what the file says, or said when it could be read last."""
        with self._lock:
            if self._clock() - self._looked >= LOOK_SECONDS:
                self._looked = self._clock()
                self._look()
            return self._content

    def _look(self) -> None:
        try:
            signature = _signature(self._path)
            if signature != self._signature or self._complaint:
                self._content = type(self._nothing).model_validate_json(self._path.read_bytes())
                self._signature, self._complaint = signature, ""
                log.info("%s is read", self._path)
        except FileNotFoundError as error:
            self._absent(error)
        except (OSError, ValidationError) as error:
            self._complain(str(error))

    def _absent(self, error: OSError) -> None:
        if self._may_be_absent:
            self._content, self._signature = self._nothing, None
        else:
            self._complain(str(error))

    def _complain(self, text: str) -> None:
        if text != self._complaint:
            log.error("%s cannot be used, what it said before holds: %s", self._path, text)
            self._complaint = text


def _signature(path: Path) -> Signature:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size


def shape_of(name: str, pool: PoolSettings, slots: int) -> PoolShape:
    """Return a pool as the planner sees it, with the number of slots to plan for."""
    room = (pool.cores, pool.memory_mb, pool.disk_mb, pool.gpus)
    return PoolShape(name, tuple(pool.categories), max(1, slots), *room, image=pool.image)


def shapes(pools: Mapping[str, PoolSettings]) -> dict[str, PoolShape]:
    """Return pools as the planner sees them, each with as many slots as it may have."""
    return {name: shape_of(name, pool, pool.slots.max) for name, pool in pools.items()}


def changed(shape: PoolShape, pool: PoolSettings | None) -> bool:
    """Return whether a pool is not, or no longer, what a plan was made for; how many slots it has does not count."""
    now: Any = None if pool is None else shape_of(shape.name, pool, shape.slots)
    return bool(now != shape)
