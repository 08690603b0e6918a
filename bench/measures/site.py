"""How long ``playbooks/site.yml`` takes on three hosts: bare, with images at hand, and with nothing to change."""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.context import ROOT, Bench
from bench.rows import Row, Statistic, at_most
from bench.samples import Samples

LAB = ROOT / "inventories" / "lab"
BARE_SECONDS, NOTHING_SECONDS = 300.0, 60.0
HOSTS = "three hosts"


def site(bench: Bench) -> Iterator[Row]:
    """Measure on the lab that is there, or on one that is made for this and removed afterwards."""
    if LAB.exists():
        yield _nothing_to_change(bench)
        return
    with _lab():
        yield _from_bare()
        yield _nothing_to_change(bench)


@dataclass(frozen=True)
class _Play:
    """One run of the playbook.

    Attributes:
        seconds: how long it took.
        changed: how many tasks changed something.
        images: how many images it had to make.
    """

    seconds: float
    changed: int
    images: int


def _play() -> _Play:
    started = time.monotonic()
    said = _run([str(ROOT / ".venv" / "bin" / "ansible-playbook"), "playbooks/site.yml", "-i", str(LAB)])
    seconds = time.monotonic() - started
    making = said.partition("TASK [images : Make images]")[2].partition("\nTASK ")[0]
    changed = sum(int(number) for number in re.findall(r"changed=(\d+)", said))
    return _Play(seconds, changed, len(re.findall(r"^changed: .*\(item=", making, re.MULTILINE)))


def _from_bare() -> Row:
    play = _play()
    promises = () if play.images else (at_most(Statistic.MEDIAN, BARE_SECONDS),)
    note = f"{HOSTS}, {play.images} images made first" if play.images else f"{HOSTS}, images at hand"
    return Row("site", "site.yml on bare hosts, to healthy", "s", Samples.of([play.seconds]), promises, note=note)


def _nothing_to_change(bench: Bench) -> Row:
    plays = [_play() for _ in range(bench.count(3, 1))]
    samples = Samples.of(play.seconds for play in plays)
    note = f"{HOSTS}, changed={sum(play.changed for play in plays)}"
    promises = (at_most(Statistic.MEDIAN, NOTHING_SECONDS),)
    return Row("site", "site.yml with nothing to change", "s", samples, promises, note=note)


@contextmanager
def _lab() -> Iterator[None]:
    try:
        _run(["scripts/testhosts.sh", "molecule", "create", "-s", "lab"])
        yield
    finally:
        _run(["make", "lab-down"])


def _run(command: list[str]) -> str:
    """Run a command in the project and return what it prints.

    Raises:
        RuntimeError: it failed.
    """
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout
