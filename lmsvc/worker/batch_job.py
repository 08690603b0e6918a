"""One job of a batch system: an agent with slots of its own, which ends when it is not needed.

All of it is on one machine and ends with the job: its files are below the node's temporary directory, and the agent
speaks to the catalog like any other, as a host of its own.

Usage: ``python3 -m lmsvc.worker.batch_job CONFIGURATION`` (what follows is ignored: the factory adds the command of a
worker).
"""

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from lmsvc.worker import agent, process
from lmsvc.worker.files import PoolFiles, read_json


def host_name(environment: dict[str, str]) -> str:
    """Return what this job is called in records and allocations: its node and its number, used only once."""
    return f"{socket.gethostname().partition('.')[0].lower()}-{environment.get('SLURM_JOB_ID', os.getpid())}"


def sweep(room: Path, prefix: str) -> None:
    """Remove the directories of jobs that were killed on this node: those whose agent holds them no longer."""
    for directory in room.glob(f"{prefix}*"):
        with contextlib.suppress(OSError), PoolFiles(directory).lock.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(directory, ignore_errors=True)


def main(argv: Sequence[str]) -> int:
    """Be an agent until it is not needed, and leave nothing on the node."""
    process.end_with_parent(signal.SIGTERM)
    configuration = read_json(Path(argv[0]))
    room, prefix = Path(configuration["node_dir"]), f"lmsvc-{configuration['pool']}-"
    sweep(room, prefix)
    directory = tempfile.mkdtemp(prefix=prefix, dir=room)
    try:
        return agent.main([*configuration["agent"], "--host", host_name(dict(os.environ)), "--pool-dir", directory])
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
