"""Processes that leave nothing behind: parent-death signals, adoption of orphans, and finding what is left.

The step runner has its own small copy of some of this, since it travels alone.
"""

import contextlib
import ctypes
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def adopt_descendants() -> None:
    """Become the parent of descendants whose own parent ends, so that none escapes."""
    _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_with_parent(number: int = signal.SIGKILL) -> None:
    """Have the kernel send this process a signal as soon as its parent ends."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)


def spawn(
    words: Sequence[str], environment: Callable[[int], Mapping[str, str]], log: Path, directory: Path, *, append: bool
) -> int:
    """Start a program in its own process group that is killed when this process ends.

    Args:
        words: the program's absolute path and its arguments.
        environment: called with the new process's id, returns its environment.
        log: takes its stdout and stderr.
        directory: its working directory.
        append: keep what is in the log already.

    Returns:
        Its process id. A program that cannot be started ends with code 127 and the reason in the log.
    """
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            _detach(parent, log, append)
            os.chdir(directory)
            os.execve(words[0], list(words), dict(environment(os.getpid())))
        except OSError as error:
            os.write(2, f"cannot start {words[0]}: {error}\n".encode())
        finally:
            os._exit(127)
    return pid


def _detach(parent: int, log: Path, append: bool) -> None:
    end_with_parent()
    if os.getppid() != parent:
        os._exit(127)
    os.setpgid(0, 0)
    _redirect(log, append)


def _redirect(log: Path, append: bool) -> None:
    mode = os.O_WRONLY | os.O_CREAT | os.O_APPEND | (0 if append else os.O_TRUNC)
    output = os.open(log, mode, 0o600)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    for number in (signal.SIGPIPE, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


def children(pid: int) -> list[int]:
    """Return the children of a process; none if it is gone."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in os.scandir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError):
                found.extend(map(int, Path(thread.path, "children").read_bytes().split()))
    return found


def descendants(pid: int) -> list[int]:
    """Return all descendants of a process, nearest first."""
    found = children(pid)
    for child in found:
        found.extend(children(child))
    return found


def parent_of(pid: int) -> int:
    """Return the parent of a process; 0 if it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return 0
    return int(stat.rpartition(b")")[2].split()[1])


def kill(pid: int) -> None:
    """Send SIGKILL to a process if it is still there."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def kill_tree(pid: int) -> None:
    """Send SIGKILL to a process and everything that descends from it."""
    for one in (*descendants(pid), pid):
        kill(one)


def reap() -> list[int]:
    """Return the children that have ended, buried."""
    ended: list[int] = []
    with contextlib.suppress(ChildProcessError):
        while pid := os.waitpid(-1, os.WNOHANG)[0]:
            ended.append(pid)
    return ended


def kill_children(spared: int | None) -> bool:
    """Kill the children of this process but one, with all that descends from them; return whether there were any."""
    others = [pid for pid in children(os.getpid()) if pid != spared]
    for pid in others:
        kill_tree(pid)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
    return bool(others)


def end_children(patience: float = 5.0) -> bool:
    """Kill everything that descends from this process and reap it; return whether nothing is left in time."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                continue
        except ChildProcessError:
            return True
        for pid in descendants(os.getpid()):
            kill(pid)
        time.sleep(0.005)
    return False


def kill_marked(variable: str, prefix: str) -> list[int]:
    """Kill processes left by somebody who was killed: those whose environment has ``variable`` begin with ``prefix``.

    This process, its ancestors and its descendants are spared.

    Returns:
        The process ids.
    """
    spared = {os.getpid(), *descendants(os.getpid()), *ancestors()}
    mark = f"{variable}={prefix}".encode()
    found = [pid for pid in _all() if pid not in spared and _has_mark(pid, mark)]
    for pid in found:
        kill(pid)
    return found


def ancestors() -> list[int]:
    """Return this process's parent, its parent, and so on."""
    found = [os.getppid()]
    while found[-1] > 1:
        found.append(parent_of(found[-1]))
    return found


def _all() -> list[int]:
    return [int(entry.name) for entry in os.scandir("/proc") if entry.name.isdigit()]


def _has_mark(pid: int, mark: bytes) -> bool:
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
    return any(entry.startswith(mark) for entry in environment.split(b"\0"))
