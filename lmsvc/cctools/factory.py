"""How ``work_queue_factory`` is made the keeper of one slot, and how it scales the jobs of a batch system.

The factory's own arithmetic serves one project on one host only; as a keeper it maintains exactly one process, the
slot, given to it as a wrapper around a worker that never starts. Each slot has a factory of its own, because the
release in Debian 12 does not replace one of several lost workers as long as another waits to connect. It is pointed at
a port where no manager listens rather than at the catalog, since one unreadable record there stops a factory that asks
the catalog, and reports to none: without a name for it, it would tell the catalog of CCTools' makers of itself every
half minute. It gets no password, and the debug log of its worker is never written.

A batch system's jobs of a pool are all one factory's, so there its own arithmetic fits, and is used as it is.
"""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from lmsvc.files import write_json, write_text

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
    quiet = f"--catalog={':'.join(NO_MANAGER)}"
    return [program, "--batch-type=local", *one, wrapper, f"--scratch-dir={scratch}", quiet, *NO_MANAGER]


class Batch(NamedTuple):
    """What a factory has to know of a batch system's jobs.

    Attributes:
        system: as the factory calls it, ``slurm``.
        options: words for the batch system's submit command; memory has to be among them, since Debian 12's release
            asks Slurm for it in words that Slurm refuses.
        cores: of each job.
    """

    system: str
    options: str
    cores: int


def batch_command(program: str, batch: Batch, catalog: str, bounds: Path, launcher: Path) -> list[str]:
    """Return the command of a factory that submits as many jobs as managers have tasks for, within bounds.

    Args:
        program: path of ``work_queue_factory``.
        batch: the batch system and its jobs.
        catalog: HOST:PORT of the catalog, where the managers are.
        bounds: the file of `write_bounds`, which is read again when it changes; the factory works beside it.
        launcher: the executable file that a job runs (see `write_launcher`); the factory waits for its end.
    """
    jobs = [f"--batch-type={batch.system}", f"--batch-options={batch.options}", "--workers-per-cycle=0"]
    jobs.append(f"--cores={batch.cores}")
    place = [f"--catalog={catalog}", f"--config-file={bounds}", f"--scratch-dir={bounds.parent / 'factory'}"]
    return [program, *jobs, *place, f"--wrapper={shlex.quote(str(launcher))}"]


def write_bounds(path: Path, projects: str, least: int, most: int) -> None:
    """Write the file that says how many jobs a factory has at least and at most.

    Args:
        path: where to write it.
        projects: a regular expression for the managers to serve.
        least: how many jobs there are without work.
        most: how many there are at most.
    """
    names = {"manager-name": projects, "master-name": projects}  # As of CCTools 7.14.5, and of Debian 12's release.
    write_json(path, {**names, "min-workers": least, "max-workers": most, "tasks-per-worker": 1})


def write_launcher(
    path: Path, command: Sequence[str], environment: Mapping[str, str], passed_on: Sequence[str] = ()
) -> None:
    """Write the executable that a factory starts as a slot.

    Args:
        path: where to write it.
        command: what to become; the factory's words for its worker are left out.
        environment: the whole environment of the slot; nothing of the factory's gets through.
        passed_on: names of variables that nevertheless do.
    """
    words = shlex.join([*(f"{name}={value}" for name, value in environment.items()), *command])
    more = "".join(f'{name}="${name}" ' for name in passed_on)
    write_text(path, f"#!/bin/sh\nexec env -i {more}{words}\n", mode=0o700)
