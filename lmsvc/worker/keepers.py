"""The agent's factories, one to keep each slot, and one that keeps a spare: started again whenever they die."""

import os
import time
from collections.abc import Mapping
from pathlib import Path

from lmsvc.cctools.factory import keeper_command
from lmsvc.worker import process
from lmsvc.worker.files import PoolFiles

RESTART_SECONDS = 1.0
"""Least time between two starts of one factory."""
STRANGER_SECONDS = 1.0
"""What loses its parent may take this long to end by itself, as slots do when their factory dies."""
LOG_BYTES = 1_000_000


class Keepers:
    """The factories below an agent, and whatever else becomes its child."""

    def __init__(self, program: str, files: PoolFiles, environment: Mapping[str, str], slots: int) -> None:
        """Keep ``slots`` slots, plus a spare that takes over at once when one dies."""
        self._program = program
        self._files = files
        self._environment = dict(environment)
        self._pids: dict[int, int] = {}
        self._started = dict.fromkeys(range(slots + 1), 0.0)
        self._strangers: dict[int, float] = {}

    def look(self) -> None:
        """Start what is missing and kill what was adopted and does not end by itself."""
        self._reap()
        now = time.monotonic()
        for number, started in self._started.items():
            if number not in self._pids and now - started >= RESTART_SECONDS:
                self._started[number] = now
                self._pids[number] = self._start(number)
        self._end_strangers(now)
        self._trim_log()

    def end(self) -> bool:
        """Kill the factories, give the slots time to end, then kill everything; return whether all are gone."""
        for pid in self._pids.values():
            process.kill(pid)
        deadline = time.monotonic() + 3 * STRANGER_SECONDS
        while time.monotonic() < deadline and process.children(os.getpid()):
            self._reap()
            time.sleep(0.01)
        return process.end_children()

    def _start(self, number: int) -> int:
        scratch = self._files.factories / str(number)
        scratch.mkdir(exist_ok=True)
        words = keeper_command(self._program, self._files.launcher, scratch)
        return process.spawn(words, lambda _: self._environment, self._files.log, scratch, append=True)

    def _reap(self) -> None:
        ended = set(process.reap())
        self._pids = {number: pid for number, pid in self._pids.items() if pid not in ended}

    def _end_strangers(self, now: float) -> None:
        own = set(self._pids.values())
        strangers = [pid for pid in process.children(os.getpid()) if pid not in own]
        self._strangers = {pid: self._strangers.get(pid, now) for pid in strangers}
        for pid, since in self._strangers.items():
            if now - since > STRANGER_SECONDS:
                process.kill_tree(pid)

    def _trim_log(self) -> None:
        log: Path = self._files.log
        if log.exists() and log.stat().st_size > LOG_BYTES:
            os.truncate(log, 0)
