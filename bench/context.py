"""What every measure is given: options, a place to work in, ports, the programs' environment."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.lab import Lab
from bench.paths import ROOT, TOOLS
from bench.ports import Ports
from bench.service import POOL, Service, started


@dataclass(frozen=True)
class Options:
    """How thoroughly to measure.

    Attributes:
        quick: few repetitions of small sizes, to try the bench itself.
        long: also what takes tens of minutes.
        peers: also other systems, each in an environment of its own.
    """

    quick: bool = False
    long: bool = False
    peers: bool = False


@dataclass
class Bench:
    """The setting of one run."""

    options: Options
    directory: Path
    environment: dict[str, str]
    slots: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))
    ports: Ports = field(default_factory=Ports)
    lab: Lab = field(default_factory=Lab)

    def count(self, usual: int, quick: int) -> int:
        """Return how often to repeat something, or how large to make it."""
        return quick if self.options.quick else usual

    @contextlib.contextmanager
    def room(self, name: str) -> Iterator[Path]:
        """Give an empty directory that is removed afterwards."""
        path = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.directory))
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    @contextlib.contextmanager
    def service(self, **settings: object) -> Iterator[Service]:
        """Run a service of the usual configuration, with as many slots as the machine has cores."""
        with self.room("service") as data_dir, started(self.prepared(data_dir, **settings)) as service:
            yield service

    def prepared(self, data_dir: Path, **settings: object) -> Service:
        """Return a service that is not started yet."""
        usual: dict[str, Any] = {"pools": {POOL: {"slots": self.slots}}, "tool_dirs": [str(TOOLS)]}
        return Service(data_dir, self.ports, self.environment, {**usual, **settings})


def environment_of(programs: Path | None) -> dict[str, str]:
    """Return the environment of everything that is measured.

    Args:
        programs: directory of CCTools programs to use instead of those on PATH.
    """
    before = [str(programs)] if programs else []
    path = os.pathsep.join([*before, os.environ.get("PATH", os.defpath)])
    tools = os.environ.get("LMSVC_TOOL_PATH") or f"{ROOT}/.tools/bin:{os.defpath}"
    own = {name: value for name, value in os.environ.items() if not name.startswith("LMSVC_")}
    return {**own, "PATH": path, "LMSVC_TOOL_PATH": tools}
