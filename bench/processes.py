"""Processes the bench starts, and what processes cost."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from lmsvc.cctools.makeflow import tethered

POLL_SECONDS = 0.005
_KIB = 1024
_MEGABYTE = 1e6


class TooSlow(Exception):
    """Something that was waited for did not come."""


def wait_until(what: str, condition: Callable[[], bool], seconds: float) -> None:
    """Look every few milliseconds until a condition holds.

    Raises:
        TooSlow: it did not hold within ``seconds``.
    """
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TooSlow(f"{what}: not within {seconds:g} s")
        time.sleep(POLL_SECONDS)


@contextlib.contextmanager
def running(
    words: Sequence[str], directory: Path, environment: Mapping[str, str], log: str = "out.log"
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program as long as the block lasts; its output goes to ``log`` in its directory.

    It stays in the bench's session: the kernel shares a busy machine among sessions, and workers with one each would
    get more of it than the service's slots, which have one together.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / log).open("ab") as out:
        process = subprocess.Popen(
            tethered(words),
            cwd=directory,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[bytes], seconds: float = 0.0, ask: signal.Signals | None = None) -> None:
    """End a process and all of its descendants: ask, wait ``seconds``, kill."""
    family = descendants(process.pid)
    if ask is not None and process.poll() is None:
        process.send_signal(ask)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    for each in {*family, *descendants(process.pid)}:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()
    if process.poll() is None:
        process.kill()
    process.wait()


def descendants(pid: int) -> list[psutil.Process]:
    """Return all processes below one."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


@dataclass(frozen=True)
class Memory:
    """Memory of some processes, in MB: the sum of all, and with what they share counted once."""

    rss_mb: float
    pss_mb: float


def memory(pids: Iterable[int]) -> Memory:
    """Return the memory of some processes; those that are gone use none."""
    rss = pss = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            figures = _rollup(Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii"))
            rss += figures["Rss"]
            pss += figures["Pss"]
    return Memory(rss * _KIB / _MEGABYTE, pss * _KIB / _MEGABYTE)


def _rollup(text: str) -> dict[str, int]:
    lines = (line.split() for line in text.splitlines()[1:])
    return {words[0].rstrip(":"): int(words[1]) for words in lines if len(words) == 3}


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the processor time of some processes and of those of their children that ended, in seconds."""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            ticks += sum(int(field) for field in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")
