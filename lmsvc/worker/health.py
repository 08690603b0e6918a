"""Whether a pool's slots live on this host: what the health check of a worker container asks.

Usage: ``python3 -m lmsvc.worker.health POOL_DIR`` says what is missing and exits with 1, or says nothing.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from lmsvc.worker.files import PoolFiles, SlotFiles, read_json


def missing_slots(files: PoolFiles) -> list[str]:
    """Return the slots, of those that the agent was started with, that have no living process.

    Raises:
        LookupError: no agent has written which slots there are.
    """
    configuration = read_json(files.configuration)
    if not configuration:
        raise LookupError(f"no agent has started in {files.directory}")
    slots = [files.slot(configuration["host"], number) for number in range(1, configuration["slots"] + 1)]
    return [slot.name for slot in slots if not _lives(slot)]


def _lives(slot: SlotFiles) -> bool:
    state = read_json(slot.state)
    return bool(state) and Path(f"/proc/{state['pid']}").exists()


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
