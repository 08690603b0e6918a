"""What a batch system has of a pool's jobs, against what the factory believes.

The factory waits for ever for a job that was cancelled before it began.
"""

import os
import re
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

LOOK_SECONDS = 60.0
"""Time between two questions."""
LOOKS = 4
"""So often in a row fewer jobs have to be there: the factory itself takes 155 s to notice one that was cut off."""
ANSWER_SECONDS = 30.0
SUBMITTED = re.compile(r"\|submitted: (\d+) ")


def submitted(log: Path) -> int:
    """Return how many jobs a factory counts as its own, by the last line of its log that says so."""
    found = SUBMITTED.findall(log.read_text(errors="replace")) if log.exists() else []
    return int(found[-1]) if found else 0


class Queue:
    """A pool's jobs in Slurm, by the name they share."""

    def __init__(self, name: str, environment: Mapping[str, str]) -> None:
        """Name the jobs; ``environment`` is that of Slurm's clients."""
        self._whose = [f"--user={os.getuid()}", f"--name={name}"]
        self._environment = dict(environment)
        self._looked = time.monotonic()
        self._fewer = 0

    def lacks(self, log: Path) -> bool:
        """Return whether for long fewer jobs have been there than a factory's log says; asks once in `LOOK_SECONDS`."""
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return False
        self._looked = time.monotonic()
        there = self._count()
        self._fewer = self._fewer + 1 if there is not None and there < submitted(log) else 0
        return self._fewer >= LOOKS

    def withdraw_waiting(self) -> None:
        """Cancel the jobs that have not begun."""
        self._fewer = 0
        self._ask("scancel", "--state=PENDING")

    def _count(self) -> int | None:
        answer = self._ask("squeue", "--noheader", "--format=%A")
        return None if answer is None else len(answer.split())

    def _ask(self, *words: str) -> str | None:
        """Return what a client of Slurm prints; None where it fails."""
        try:
            done = subprocess.run(
                [*words, *self._whose],
                env=self._environment,
                capture_output=True,
                text=True,
                check=True,
                timeout=ANSWER_SECONDS,
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout
