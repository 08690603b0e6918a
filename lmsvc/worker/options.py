"""The agent's command line, and what it writes for the slots it has started."""

import argparse
import math
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from lmsvc.cctools.factory import write_launcher
from lmsvc.cctools.password import fingerprint
from lmsvc.files import write_json
from lmsvc.locks import try_to_hold
from lmsvc.worker.files import PoolFiles

PASSED_ON = frozenset({"LANG", "LC_ALL", "LC_CTYPE", "TZ", "USER", "LOGNAME", "LD_LIBRARY_PATH"})
"""Variables of the agent's environment that tasks see; others are added with ``--env``."""


class AgentError(Exception):
    """The agent cannot start, and why."""


class Options(NamedTuple):
    """The agent's command line (see `parser`)."""

    pool: str
    pool_dir: Path
    host: str
    slots: int
    catalog: tuple[str, int]
    controllers: frozenset[str]
    password_file: Path
    previous_password_file: Path | None
    cores: int
    memory_mb: int
    disk_mb: int
    host_cores: int
    host_memory_mb: int
    path: str
    env: dict[str, str]
    idle_seconds: float
    retire_seconds: float
    gpus: int = 0
    host_gpus: int = 0
    gpu_dir: Path = Path()


def parser() -> argparse.ArgumentParser:
    """Return the parser of the agent's command line."""
    own = argparse.ArgumentParser(prog="lmsvc agent", description="Serve a pool with this host's slots.")
    own.add_argument("--pool", required=True, help="the pool's name")
    own.add_argument("--pool-dir", required=True, type=Path, help="where the pool keeps its files on this host")
    own.add_argument("--host", required=True, help="this host's name in allocations")
    own.add_argument("--slots", type=_number, default=0, help="slots to keep until an allocation has been heard")
    own.add_argument("--catalog", required=True, type=_address, metavar="HOST:PORT")
    own.add_argument("--controllers", required=True, type=_words, metavar="ADDR[,ADDR]", help="whose records count")
    own.add_argument("--password-file", required=True, type=Path, help="the pool's Work Queue password, mode 0600")
    own.add_argument(
        "--previous-password-file", type=Path, help="the password before it, for managers that were started with that"
    )
    own.add_argument("--cores", type=int, default=1, help="per slot")
    own.add_argument("--memory-mb", type=int, required=True, help="per slot")
    own.add_argument("--disk-mb", type=int, required=True, help="per slot")
    own.add_argument("--gpus", type=_number, default=0, help="per slot")
    host = "what all pools may use of this host together, as the controller is told (default: all there is)"
    own.add_argument("--host-cores", type=int, default=_cores(), help=host)
    own.add_argument("--host-memory-mb", type=int, default=_memory_mb(), help=host)
    numbers = "GPUs that all pools may use of this host together, counted from 0 (default: none)"
    own.add_argument("--host-gpus", type=_number, default=0, help=numbers)
    locks = "where slots of all pools lock the GPUs they use (default: `.gpus` beside the pool's files)"
    own.add_argument("--gpu-dir", type=Path, help=locks)
    own.add_argument("--path", default=os.environ.get("PATH", os.defpath), help="PATH of tasks")
    own.add_argument("--env", action="append", default=[], metavar="NAME=VALUE", help="variable for tasks; repeatable")
    idle, retire = "end when no slot has been wanted here for so long", "after so long begin no more tasks"
    own.add_argument("--idle-seconds", type=float, default=math.inf, help=idle)
    own.add_argument("--retire-seconds", type=float, default=math.inf, help=retire)
    return own


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


def _number(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError(f"{number} is less than none")
    return number


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _memory_mb() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 1_048_576


def _words(text: str) -> frozenset[str]:
    return frozenset(filter(None, text.split(",")))


def read_options(argv: Sequence[str]) -> Options:
    """Return the options; exits with a message where they are wrong."""
    given = vars(parser().parse_args(argv))
    pairs = (pair.partition("=") for pair in given.pop("env"))
    for name in ("pool_dir", "password_file", "previous_password_file"):
        given[name] = given[name] and given[name].absolute()
    given["gpu_dir"] = (given["gpu_dir"] or given["pool_dir"].with_name(".gpus")).absolute()
    return Options(**given, env={name: value for name, _, value in pairs})


def program(name: str) -> str:
    """Return the path of a CCTools program.

    Raises:
        AgentError: it is not installed.
    """
    path = shutil.which(name)
    if path is None:
        raise AgentError(f"{name} is not on PATH: install CCTools (Debian: apt-get install coop-computing-tools)")
    return path


def check_password(path: Path) -> None:
    """See that the pool's password can be read by this user alone.

    Raises:
        AgentError: it is not there, or others can read it.
    """
    try:
        mode = path.stat().st_mode & 0o777
    except OSError as error:
        raise AgentError(f"cannot read the pool's password: {error}") from error
    if mode & 0o077:
        raise AgentError(f"others can read the pool's password {path} (mode {mode:04o}): chmod 600 it")


def passwords(options: Options) -> dict[str, Path]:
    """Return the files of the passwords that slots may use, by fingerprint.

    Raises:
        AgentError: one of them cannot be read, or others can read it.
    """
    files = (options.previous_password_file, options.password_file)
    found: dict[str, Path] = {}
    for path in files:
        if path is not None:
            check_password(path)
            found[fingerprint(path)] = path
    return found


def lock_pool(files: PoolFiles) -> None:
    """Hold the pool's directory until this process ends.

    Raises:
        AgentError: another agent holds it.
    """
    if try_to_hold(files.lock) is None:
        raise AgentError(f"another agent serves {files.directory}")


def prepare_slots(options: Options, files: PoolFiles) -> None:
    """Write the slots' configuration and their launcher.

    Raises:
        AgentError: a program or a password is missing.
    """
    configuration = {
        "pool_dir": str(options.pool_dir),
        "host": options.host,
        "agent_pid": os.getpid(),
        "worker_program": program("work_queue_worker"),
        "password_file": str(options.password_file),
        "passwords": {known: str(path) for known, path in passwords(options).items()},
        "cores": options.cores,
        "memory_mb": options.memory_mb,
        "disk_mb": options.disk_mb,
        "gpus": options.gpus,
        "host_gpus": options.host_gpus,
        "gpu_dir": str(options.gpu_dir),
        "environment": {**passed_on(), "PATH": options.path, **options.env},
    }
    if options.gpus:
        options.gpu_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_json(files.configuration, configuration)
    root = str(Path(__file__).parents[2])
    start = (
        f"import sys; sys.path.insert(0, {root!r}); from lmsvc.worker.slot import main; sys.exit(main(sys.argv[1:]))"
    )
    write_launcher(files.launcher, [sys.executable, "-I", "-S", "-c", start, str(files.configuration)], passed_on())


def passed_on() -> dict[str, str]:
    """Return what of this process's environment the processes below may see: nothing secret."""
    return {name: value for name, value in os.environ.items() if name in PASSED_ON}
