"""Tools, site datasets and workflows as the web service knows them: read once, and again when a file changes."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from lmsvc.jobs.datasets import Dataset
from lmsvc.jobs.tools import Tool
from lmsvc.registry import SHIPPED_TOOLS, RegistryError, load_datasets, load_tools
from lmsvc.settings import Settings
from lmsvc.workflows.loading import SHIPPED_WORKFLOWS, load_workflows
from lmsvc.workflows.workflow import Workflow

LOOK_EVERY_SECONDS = 1.0

Entry = TypeVar("Entry")
Signature = tuple[tuple[str, int, int], ...]

_log = logging.getLogger(__name__)


class Watched(Generic[Entry]):
    """Descriptions read from directories; a faulty change is logged and the last good state kept."""

    def __init__(self, directories: Sequence[Path], load: Callable[[], Mapping[str, Entry]]) -> None:
        """Read the descriptions now; a fault in them is raised here, at start."""
        self._directories, self._load = tuple(directories), load
        self._lock = threading.Lock()
        self._signature = self._look()
        self._entries = load()
        self._looked = time.monotonic()

    def entries(self) -> Mapping[str, Entry]:
        """Return the descriptions by name, at most `LOOK_EVERY_SECONDS` old."""
        if time.monotonic() - self._looked >= LOOK_EVERY_SECONDS and self._lock.acquire(blocking=False):
            try:
                self._refresh()
            finally:
                self._lock.release()
        return self._entries

    def _refresh(self) -> None:
        self._looked = time.monotonic()
        signature = self._look()
        if signature == self._signature:
            return
        self._signature = signature
        try:
            self._entries = self._load()
        except RegistryError as error:
            _log.error("changed descriptions are not taken over: %s", error)

    def _look(self) -> Signature:
        return tuple(sorted(mark for directory in self._directories for mark in _marks(directory)))


def _marks(directory: Path) -> Signature:
    found = []
    for path in directory.glob("*.yaml"):
        try:
            facts = path.stat()
        except FileNotFoundError:
            continue
        found.append((str(path), facts.st_mtime_ns, facts.st_size))
    return tuple(found)


@dataclass(frozen=True)
class Registries:
    """What jobs may name, and what they can be made from."""

    watched_tools: Watched[Tool]
    watched_datasets: Watched[Dataset]
    watched_workflows: Watched[Workflow]

    @classmethod
    def of(cls, settings: Settings) -> "Registries":
        """Read the shipped tools and everything the site added."""
        tools, datasets = [SHIPPED_TOOLS, *settings.tool_dirs], settings.dataset_dirs
        workflows = [SHIPPED_WORKFLOWS, *settings.workflow_dirs]
        return cls(
            Watched(tools, lambda: load_tools(tools)),
            Watched(datasets, lambda: load_datasets(datasets)),
            Watched(workflows, lambda: load_workflows(workflows)),
        )

    @property
    def tools(self) -> Mapping[str, Tool]:
        """Return the tools by id."""
        return self.watched_tools.entries()

    @property
    def datasets(self) -> Mapping[str, Dataset]:
        """Return the datasets by name."""
        return self.watched_datasets.entries()

    @property
    def workflows(self) -> Mapping[str, Workflow]:
        """Return the workflows by name, in the order they are offered."""
        return self.watched_workflows.entries()
