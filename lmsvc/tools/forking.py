"""Processes that go on from a copy of this one, and end as programs of their own do."""

import atexit
import contextlib
import ctypes
import gc
import os
import select
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from typing import IO, NamedTuple, NoReturn, TextIO

Program = Callable[[], object]

FLUSH_FAILED = 120
"""Python's own exit code where its standard streams cannot be written."""
_PR_SET_PDEATHSIG = 1


class Ended(NamedTuple):
    """How a process ended: its exit code (minus the signal's number if one killed it) and what it wrote."""

    returncode: int
    stdout: str
    stderr: str


class TooSlow(Exception):
    """The process was killed, since it took too long."""


def end_with_parent(parent: int) -> None:
    """Have the kernel kill this process as soon as its parent ends; end at once where ``parent`` is not it any more."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def finish(program: Program) -> NoReturn:
    """Run a program as the rest of this process, and end as Python does, but without taking everything apart."""
    code = _code_of(program)
    gc.collect()  # closes files that only a cycle of objects keeps open
    atexit._run_exitfuncs()
    if not (_flushed(sys.stdout) and _flushed(sys.stderr)):
        code = code or FLUSH_FAILED
    os._exit(code)


def _flushed(stream: TextIO) -> bool:
    try:
        if not stream.closed:
            stream.flush()
    except OSError:
        return False
    return True


def _code_of(program: Program) -> int:
    try:
        program()
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return (end.code or 0) & 0xFF
        sys.stderr.write(f"{end.code}\n")
        return 1
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
        return 1
    return 0


def set_environment(environment: Mapping[str, str]) -> None:
    """Replace the environment of this process."""
    os.environ.clear()
    os.environ.update(environment)


def run_forked(program: Program, environment: Mapping[str, str], seconds: float | None = None) -> Ended:
    """Run a program in a copy of this process.

    Args:
        program: what to run.
        environment: its environment.
        seconds: how long it may take; None means without end.

    Raises:
        TooSlow: it was killed, since it took longer.
    """
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            _go_on(program, environment, parent, (stdout, stderr))
        code = _wait(pid, seconds)
        return Ended(code, _text(stdout), _text(stderr))


def _go_on(program: Program, environment: Mapping[str, str], parent: int, streams: tuple[IO[bytes], ...]) -> NoReturn:
    try:
        end_with_parent(parent)
        atexit._clear()  # what is to be done at the end of the parent
        set_environment(environment)
        for number, stream in enumerate(streams, start=1):
            os.dup2(stream.fileno(), number)
        finish(program)
    finally:
        os._exit(1)


def _wait(pid: int, seconds: float | None) -> int:
    fd = os.pidfd_open(pid)
    try:
        poller = select.poll()
        poller.register(fd, select.POLLIN)
        in_time = bool(poller.poll(None if seconds is None else seconds * 1000))
    finally:
        os.close(fd)
    if not in_time:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if not in_time:
        raise TooSlow
    return code


def _text(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode(errors="replace")
