"""Whether a pool's agent and its slots live on this host: what the health check of a worker container asks.

A pool that keeps no slots here is healthy as long as its agent lives.

Usage: ``python3 -m lmsvc.worker.health POOL_DIR`` says what is missing and exits with 1, or says nothing.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from lmsvc.worker.files import PoolFiles, read_json


def missing_slots(files: PoolFiles) -> list[str]:
    """Return the slots, of those that the agent keeps, that have no living process.

    Raises:
        LookupError: no agent lives here, or it has not said yet which slots it keeps.
    """
    agent, kept = read_json(files.configuration).get("agent_pid"), files.kept_slots()
    if agent is None or kept is None:
        raise LookupError(f"no agent has started in {files.directory}")
    if not _lives(agent):
        raise LookupError(f"the agent of {files.directory} has ended")
    return [name for name in kept if not _lives(read_json(files.named(name).state).get("pid"))]


def _lives(pid: int | None) -> bool:
    return pid is not None and Path(f"/proc/{pid}").exists()


def main(argv: Sequence[str]) -> int:
    """Say what is missing in the pool directory of the command line."""
    try:
        missing = missing_slots(PoolFiles(Path(argv[0])))
    except LookupError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if missing:
        sys.stderr.write(f"not alive: {', '.join(missing)}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
