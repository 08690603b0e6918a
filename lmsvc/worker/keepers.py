"""The agent's factories, each of which keeps one slot process: started again whenever they die, ended when too many."""

import itertools
import os
import time
from collections.abc import Collection, Mapping
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
    """The factories below an agent, and whatever else becomes its child.

    Which factory keeps which slot is nowhere fixed, since a spare process takes over when a slot dies: the owner of a
    slot is the factory that its process descends from.
    """

    def __init__(self, program: str, files: PoolFiles, environment: Mapping[str, str]) -> None:
        """Keep nothing yet."""
        self._program = program
        self._files = files
        self._environment = dict(environment)
        self._pids: dict[int, int] = {}
        self._started: dict[int, float] = {}
        self._strangers: dict[int, float] = {}

    def look(self, wanted: int, holders: Collection[int]) -> None:
        """Start what is missing, end what is too much, and kill what was adopted and does not end by itself.

        Args:
            wanted: how many slot processes there should be, spares among them.
            holders: ids of the processes that hold a slot, whose factories are not ended.
        """
        self._reap()
        now = time.monotonic()
        self._end_surplus(len(self._pids) - wanted, frozenset(holders))
        self._start_missing(wanted - len(self._pids), now)
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

    def _end_surplus(self, surplus: int, holders: frozenset[int]) -> None:
        """Kill factories that own no slot: first those without any process, which would start one some time later."""
        if surplus <= 0:
            return
        below = {number: process.descendants(pid) for number, pid in self._pids.items()}
        free = [number for number, found in below.items() if holders.isdisjoint(found)]
        for number in sorted(free, key=lambda number: len(below[number]))[:surplus]:
            process.kill(self._pids.pop(number))

    def _start_missing(self, missing: int, now: float) -> None:
        """Start factories under the lowest free numbers; one that dies at once keeps its number, and waits its turn."""
        free = (number for number in itertools.count() if number not in self._pids)
        for number in list(itertools.islice(free, max(0, missing))):
            if now - self._started.get(number, -RESTART_SECONDS) >= RESTART_SECONDS:
                self._started[number] = now
                self._pids[number] = self._start(number)

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
