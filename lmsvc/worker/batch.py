"""A pool's jobs in the site's batch system: as many as there are tasks for, within the pool's bounds.

The stock factory submits them, and replaces those that end while there is work. Each job is an agent with one slot
(see `batch_job`): a host of its own to the controller, which gives its slot to managers like any other. So nothing is
shared between machines but the directory in which the factory sees its jobs end. Jobs that lose this process go on,
and end like all others when no slot is wanted of them.

Usage: ``lmsvc batch --directory SHARED [OPTIONS] -- AGENT'S WORDS``, those without ``--host`` and ``--pool-dir``.
"""

import argparse
import os
import shlex
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from lmsvc.cctools.catalog import CatalogClient, CatalogUnreachable
from lmsvc.cctools.factory import Batch, batch_command, write_bounds, write_launcher
from lmsvc.files import write_json
from lmsvc.worker import process, share
from lmsvc.worker.batch_queue import Queue
from lmsvc.worker.files import PoolFiles
from lmsvc.worker.options import AgentError, Options, lock_pool, passed_on, passwords, program, read_options
from lmsvc.worker.report import say

LOOK_SECONDS = 2.0
"""Time between two looks at the pool's bounds."""
RESTART_SECONDS = 10.0
"""Least time between two starts of the factory."""
END_SECONDS = 60.0
"""The factory may take this long to withdraw its jobs."""
IDLE_SECONDS = 60.0
"""A job ends when no slot has been wanted of it for so long."""
LOG_BYTES = 1_000_000
OWN_MEMORY_MB = 200
"""What a job needs beside its slot's tasks."""
PASSED_ON = ("SLURM_JOB_ID",)


class Place(NamedTuple):
    """The command line before the agent's words (see `parser`)."""

    directory: Path
    options: str
    minutes: int
    node_dir: Path
    inside: str
    python: str
    package: Path


def parser() -> argparse.ArgumentParser:
    """Return the parser of the words before the agent's."""
    own = argparse.ArgumentParser(prog="lmsvc batch", description="Serve a pool with jobs of Slurm.")
    own.add_argument("--directory", required=True, type=Path, help="its files, at the same place on all nodes")
    own.add_argument("--options", default="", help="words for sbatch, such as '--partition=main --account=lab'")
    minutes = "time limit of a job; in its second half it begins no more tasks (default: none of ours)"
    own.add_argument("--minutes", type=int, default=0, help=minutes)
    own.add_argument("--node-dir", type=Path, default=Path("/tmp"), help="a node's own disk, for tasks")
    own.add_argument("--inside", default="", help="words before the command on a node, such as a container's program")
    own.add_argument("--python", default=sys.executable, help="on a node")
    own.add_argument("--package", type=Path, default=Path(__file__).parents[2], help="where lmsvc is on a node")
    return own


def projects(pool: str) -> str:
    """Return the regular expression of all of a project of a pool's managers."""
    return f"^lm-{pool}-.*"


def check_clients() -> None:
    """See that Slurm's clients are here.

    Raises:
        AgentError: they are not.
    """
    missing = [name for name in ("sbatch", "squeue", "scancel") if shutil.which(name) is None]
    if missing:
        raise AgentError(f"{', '.join(missing)} not on PATH: run this on a host that submits jobs to Slurm")


def clients_environment() -> dict[str, str]:
    """Return what Slurm's clients need of this process's environment: all of it would travel with each job."""
    own = {name: value for name, value in os.environ.items() if name.startswith(("SLURM_", "SBATCH_", "MUNGE_"))}
    return {**passed_on(), **own, "PATH": os.environ.get("PATH", os.defpath)}


class Jobs:
    """The factory of a pool's jobs, and the bounds it keeps to."""

    def __init__(self, place: Place, own: Options, words: Sequence[str]) -> None:
        """Write what a job reads; no job is submitted yet."""
        self._place, self._own = place, own
        self._catalog = CatalogClient(*own.catalog)
        self._bounds_file, self._launcher = place.directory / "bounds.json", place.directory / "job"
        self._bounds: tuple[int, int] | None = None
        self._pid = 0
        self._started = float("-inf")
        self._log = place.directory / "factory.log"
        self._queue = Queue(f"lmsvc-{own.pool}", clients_environment())
        self._queue.withdraw_waiting()
        (place.directory / "factory").mkdir(exist_ok=True, mode=0o700)
        self._write(words)

    def _write(self, words: Sequence[str]) -> None:
        place, own = self._place, self._own
        limits = ["--idle-seconds", str(IDLE_SECONDS)]
        limits += ["--retire-seconds", str(place.minutes * 30)] if place.minutes else []
        room = ["--host-cores", str(own.cores), "--host-memory-mb", str(own.memory_mb)]
        agent = [*words, *room, *limits, "--slots", "0"]
        configuration = place.directory / "job.json"
        write_json(configuration, {"pool": own.pool, "node_dir": str(place.node_dir), "agent": agent})
        module = [place.python, "-m", "lmsvc.worker.batch_job", str(configuration)]
        environment = {**passed_on(), "PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": str(place.package)}
        write_launcher(self._launcher, [*shlex.split(place.inside), *module], environment, PASSED_ON)

    def look(self) -> None:
        """Bring the factory and its bounds in step with what the controller says."""
        if self._pid in process.reap():
            say("the factory has ended; see its log")
            self._pid = 0
        if self._pid and self._queue.lacks(self._log):
            say("jobs are gone that the factory waits for: it begins anew")
            self._queue.withdraw_waiting()
            process.kill(self._pid)
        bounds = self._heard()
        if bounds is not None and bounds != self._bounds:
            write_bounds(self._bounds_file, projects(self._own.pool), *bounds)
            say(f"{bounds[0]} to {bounds[1]} jobs")
            self._bounds = bounds
        if not self._pid and self._bounds and time.monotonic() - self._started > RESTART_SECONDS:
            self._start()
        self._trim_logs()

    def _heard(self) -> tuple[int, int] | None:
        """Return the pool's bounds as the newest allocation has them; None where there is none."""
        try:
            records = self._catalog.query({share.ALLOCATION_TYPE})
            found = share.newest_allocation(records, self._own.pool, self._own.controllers)
            return (int(found["bounds"]["min"]), int(found["bounds"]["max"])) if found else None
        except (CatalogUnreachable, KeyError, TypeError, ValueError):
            return None

    def _start(self) -> None:
        batch = Batch("slurm", f"{shlex.join(self._options())} {self._place.options}", self._own.cores)
        catalog = "{}:{}".format(*self._own.catalog)
        words = batch_command(program("work_queue_factory"), batch, catalog, self._bounds_file, self._launcher)
        place = self._place.directory
        self._pid = process.spawn(words, lambda _: clients_environment(), self._log, place, append=False)
        self._started = time.monotonic()

    def _options(self) -> list[str]:
        """Return the words for sbatch that come before the site's own."""
        log = self._place.directory / "jobs.log"
        minutes = [f"--time={self._place.minutes}"] if self._place.minutes else []
        job = [f"--job-name=lmsvc-{self._own.pool}", f"--mem={self._own.memory_mb + OWN_MEMORY_MB}M", *minutes]
        return [*job, f"--output={log}", f"--error={log}", "--open-mode=append"]

    def _trim_logs(self) -> None:
        for log in (self._log, self._place.directory / "jobs.log"):
            if log.exists() and log.stat().st_size > LOG_BYTES:
                os.truncate(log, 0)

    def end(self) -> None:
        """Withdraw all jobs."""
        deadline = time.monotonic() + END_SECONDS
        if self._pid:
            os.kill(self._pid, signal.SIGTERM)
        while self._pid and time.monotonic() < deadline:
            if self._pid in process.reap():
                return
            time.sleep(0.1)


def _read(argv: Sequence[str]) -> tuple[Place, Options, list[str]]:
    at = list(argv).index("--") if "--" in argv else len(argv)
    place = Place(**vars(parser().parse_args(argv[:at])))
    place = place._replace(directory=place.directory.absolute(), package=place.package.absolute())
    words = list(argv[at + 1 :])
    return place, read_options([*words, "--host", "none", "--pool-dir", str(place.directory)]), words


def _terminated(*_: object) -> None:
    raise SystemExit(0)


def main(argv: Sequence[str]) -> int:
    """Keep a pool's jobs until told to end by SIGTERM or SIGINT; they are withdrawn then."""
    place, own, words = _read(argv)
    try:
        passwords(own)
        check_clients()
        place.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock_pool(PoolFiles(place.directory))
        jobs = Jobs(place, own, words)
    except AgentError as error:
        sys.stderr.write(f"lmsvc batch: {error}\n")
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _terminated)
    try:
        while True:
            jobs.look()
            time.sleep(LOOK_SECONDS)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        jobs.end()
        process.end_children()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
