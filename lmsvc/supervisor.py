"""Keeps the processes of a one-machine service alive and ends every one of them.

Children die with the supervisor (parent-death signal), what they leave behind is adopted (child subreaper) and killed,
and what an earlier supervisor of the same data directory could not end is found by a mark in its environment.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from lmsvc.cctools.makeflow import tethered
from lmsvc.worker.process import adopt_descendants

INSTANCE_MARK = "LMSVC_INSTANCE"
_LONGEST_PAUSE = 5.0
_STEADY_SECONDS = 10.0


@dataclass(frozen=True)
class Program:
    """One process to keep alive.

    Attributes:
        name: its name in messages and of its log file.
        argv: its command line.
        directory: its working directory.
        stop_signal: what asks it to end.
    """

    name: str
    argv: Sequence[str]
    directory: Path
    stop_signal: signal.Signals = signal.SIGTERM


@dataclass
class _Child:
    program: Program
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = 0.0
    due: float = 0.0
    restarts: int = field(default=0)


class AlreadyRunning(RuntimeError):
    """Another service works on this data directory."""


class Supervisor:
    """Starts programs, restarts those that end, and ends all of them."""

    def __init__(self, programs: Sequence[Program], logs: Path, environment: Mapping[str, str]) -> None:
        """Prepare; nothing runs before `start`.

        Args:
            programs: in the order to start them; they are stopped in reverse.
            logs: directory of log files.
            environment: of every program; must hold `INSTANCE_MARK`.
        """
        self._children = [_Child(program) for program in programs]
        self._logs = logs
        self._environment = dict(environment)
        self._stopping = False

    def start(self) -> None:
        """Start every program. Must be called by the main thread, whose death ends them."""
        adopt_descendants()
        for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(signum, self._ask_to_stop)
        for child in self._children:
            self._spawn(child)

    @property
    def stopping(self) -> bool:
        """Whether a signal asked the supervisor to end."""
        return self._stopping

    def pids(self) -> dict[str, int]:
        """Return the process id of each program that runs."""
        return {c.program.name: c.process.pid for c in self._children if c.process and c.process.poll() is None}

    def tick(self) -> None:
        """Restart what ended (after a pause that grows while it keeps ending) and kill adopted orphans."""
        now = time.monotonic()
        for child in self._children:
            if child.process is not None and child.process.poll() is not None:
                self._note_end(child, now)
            if child.process is None and now >= child.due:
                self._spawn(child)
        self._kill_adopted()

    def run(self) -> None:
        """Tick until a signal asks to stop, then stop."""
        while not self._stopping:
            self.tick()
            time.sleep(0.2)
        self.stop()

    def stop(self, seconds: float = 5.0) -> None:
        """End every program, last started first: ask, wait at most ``seconds`` in all, kill."""
        end = time.monotonic() + seconds
        for child in reversed(self._children):
            self._stop_child(child, end)
        kill_instance(self._environment[INSTANCE_MARK])

    def _ask_to_stop(self, signum: int, frame: FrameType | None) -> None:
        del signum, frame
        self._stopping = True

    def _spawn(self, child: _Child) -> None:
        self._logs.mkdir(parents=True, exist_ok=True)
        with (self._logs / f"{child.program.name}.log").open("ab") as log:
            child.process = subprocess.Popen(
                tethered(child.program.argv),
                cwd=child.program.directory,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        child.started = time.monotonic()

    def _note_end(self, child: _Child, now: float) -> None:
        steady = now - child.started > _STEADY_SECONDS
        child.pause = 0.1 if steady or not child.pause else min(2 * child.pause, _LONGEST_PAUSE)
        child.due = now + child.pause
        child.process = None
        child.restarts += 1

    def _stop_child(self, child: _Child, end: float) -> None:
        if child.process is None:
            return
        if child.process.poll() is None:
            child.process.send_signal(child.program.stop_signal)
        try:
            child.process.wait(max(0.1, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()

    def _kill_adopted(self) -> None:
        mine = set(self.pids().values())
        for pid in _children_of(os.getpid()):
            if pid not in mine:
                kill_and_reap(pid)


def kill_and_reap(pid: int) -> None:
    """Kill an adopted process and take its exit status."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


def _children_of(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def instance_pids(instance: str) -> Iterator[int]:
    """Yield the processes whose environment carries the mark of an instance, this one excepted."""
    mark = f"{INSTANCE_MARK}={instance}".encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                yield int(entry.name)


def kill_instance(instance: str) -> None:
    """Kill what is left of an instance until nothing is."""
    for _ in range(50):
        pids = list(instance_pids(instance))
        if not pids:
            return
        for pid in pids:
            kill_and_reap(pid)
        time.sleep(0.02)


@contextlib.contextmanager
def only_instance(lock_file: Path) -> Iterator[None]:
    """Hold the lock of a data directory.

    Raises:
        AlreadyRunning: another process holds it.
    """
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    with lock_file.open("a+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise AlreadyRunning(lock.read().strip()) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield
