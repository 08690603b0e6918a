"""How ``work_queue_factory`` is made the keeper of one slot.

The factory's own arithmetic serves one project on one host only; as a keeper it maintains exactly one process, the
slot, given to it as a wrapper around a worker that never starts. Each slot has a factory of its own, because the
release in Debian 12 does not replace one of several lost workers as long as another waits to connect. It is pointed at
a port where no manager listens rather than at the catalog, since one unreadable record there stops a factory that asks
the catalog. It gets no password, and the debug log of its worker is never written.
"""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

NO_MANAGER = ("127.0.0.1", "1")
"""Where no manager listens."""


def keeper_command(program: str, launcher: Path, scratch: Path) -> list[str]:
    """Return the command of a factory that keeps one slot alive.

    Args:
        program: path of ``work_queue_factory``.
        launcher: the executable file that becomes the slot (see `write_launcher`).
        scratch: the factory's own directory, which becomes the slot's working directory.
    """
    one = ["--min-workers=1", "--max-workers=1", "--workers-per-cycle=0"]
    wrapper = f"--wrapper=exec {shlex.quote(str(launcher))}"
    return [program, "--batch-type=local", *one, wrapper, f"--scratch-dir={scratch}", *NO_MANAGER]


def write_launcher(path: Path, command: Sequence[str], environment: Mapping[str, str]) -> None:
    """Write the executable that a factory starts as a slot.

    Args:
        path: where to write it.
        command: what to become; the factory's words for its worker are left out.
        environment: the whole environment of the slot; nothing of the factory's gets through.
    """
    words = ["env", "-i", *(f"{name}={value}" for name, value in environment.items()), *command]
    draft = path.with_name(f"{path.name}.part")
    draft.write_text(f"#!/bin/sh\nexec {shlex.join(words)}\n")
    draft.chmod(0o700)
    draft.replace(path)
