"""Entry of the command line: hands over quickly, turns errors into text and exit codes."""

import sys
from collections.abc import Sequence

from lmsvc.cli.lazy import load

WORKER_PROGRAMS = {
    "agent": "lmsvc.worker.agent:main",
    "batch": "lmsvc.worker.batch:main",
    "slot": "lmsvc.worker.slot:main",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    The worker's programs are handed over before anything else is imported: a pool starts many of them.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    if words and words[0] in WORKER_PROGRAMS:
        return int(load(WORKER_PROGRAMS[words[0]])(words[1:]) or 0)
    return int(load("lmsvc.cli.run:run")(words))


if __name__ == "__main__":
    sys.exit(main())
