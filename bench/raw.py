"""Raw CCTools: what a person who writes a Makeflow by hand runs, without the service."""

import contextlib
import json
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.context import Bench
from bench.processes import TooSlow, running, wait_until
from lmsvc.cctools.catalog import CatalogClient, CatalogUnreachable
from lmsvc.cctools.makeflow import makeflow_environment
from lmsvc.cctools.makeflow_log import LogTail, MakeflowLog

WORKER_MB, TASK_MB = 2000, 1000
DISK_MB = 10000
WORKFLOW_SECONDS = 3600.0
STALE_LIFETIME_SECONDS = 1800
INSTALLED_OPTIONS = ("-U", "30", "-l", "120")
"""What an installed catalog is told beside its places: how often it reports itself, and how long records stay."""
Rule = dict[str, Any]
File = str | tuple[str, str]
"""A name, or a name here and the one in the task's sandbox."""


class WorkflowFailed(Exception):
    """A raw workflow did not complete, so its time means nothing."""


@dataclass(frozen=True)
class RawRun:
    """One makeflow, in seconds since its start.

    Attributes:
        first_task: its first task was on a worker.
        ended: the process had ended.
    """

    first_task: float
    ended: float


@dataclass(frozen=True)
class RawCatalog:
    """A catalog server that runs.

    Attributes:
        client: of it.
        port: where it listens.
        pid: its process.
    """

    client: CatalogClient
    port: int
    pid: int

    @property
    def address(self) -> str:
        """``host:port`` for the options of programs."""
        return f"127.0.0.1:{self.port}"


def rule(command: str, inputs: Sequence[File], outputs: Sequence[File]) -> Rule:
    """Return a rule that takes one slot whole."""
    return {
        "command": command,
        "inputs": [_file(each) for each in inputs],
        "outputs": [_file(each) for each in outputs],
        "resources": {"cores": 1, "memory": TASK_MB, "disk": TASK_MB},
    }


def _file(name: File) -> str | dict[str, str]:
    return name if isinstance(name, str) else {"dag_name": name[0], "task_name": name[1]}


def run_makeflow(bench: Bench, directory: Path, rules: Sequence[Rule], options: Sequence[str]) -> RawRun:
    """Run a workflow with ``makeflow -T wq`` in its directory.

    Raises:
        WorkflowFailed: not every rule completed.
        TooSlow: it did not end.
    """
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "flow.json").write_text(json.dumps({"rules": rules}), encoding="utf-8")
    words = ["makeflow", "--json", "-T", "wq", "-r", "2", "-l", "flow.log", "-L", "wq.log", *options, "flow.json"]
    start, clock = time.time(), time.monotonic()
    with running(words, directory, makeflow_environment(bench.environment)) as process:
        try:
            process.wait(WORKFLOW_SECONDS)
        except subprocess.TimeoutExpired:
            raise TooSlow(f"makeflow: not over within {WORKFLOW_SECONDS:g} s") from None
        ended = time.monotonic() - clock
    _check(directory, len(rules))
    return RawRun(first_running(directory / "wq.log.tr") - start, ended)


def _check(directory: Path, rules: int) -> None:
    log = MakeflowLog(directory, log_name="flow.log")
    log.update()
    complete = sum(state.name == "COMPLETE" for state in log.states.values())
    if complete != rules:
        console = (directory / "out.log").read_text(encoding="utf-8", errors="replace")
        raise WorkflowFailed(f"{complete} of {rules} rules completed: {console[-500:]}")


def first_running(transactions: Path) -> float:
    """Return when the first task went to a worker (epoch seconds), by Work Queue's transactions log.

    Raises:
        WorkflowFailed: none did.
    """
    for line in LogTail(transactions).lines():
        words = line.split()
        if len(words) > 4 and words[2] == "TASK" and words[4] == "RUNNING":
            return int(words[0]) / 1e6
    raise WorkflowFailed("no task ran")


@contextlib.contextmanager
def attached_workers(bench: Bench, directory: Path, port: int, environment: Mapping[str, str]) -> Iterator[None]:
    """Keep one worker per slot trying ``127.0.0.1:port`` with the shortest back-off there is."""
    size = ("--cores", "1", "--memory", str(WORKER_MB), "--disk", str(DISK_MB))
    with contextlib.ExitStack() as stack:
        for number in range(bench.slots):
            place = directory / f"worker{number}"
            words = ["work_queue_worker", "127.0.0.1", str(port), "-b", "1", "-t", "600", *size, "-s", str(place)]
            stack.enter_context(running(words, place, environment))
        time.sleep(0.5)
        yield


def run_attached(
    bench: Bench, directory: Path, rules: Sequence[Rule], environment: Mapping[str, str] | None = None
) -> RawRun:
    """Run a workflow with one worker per slot attached by host and port, waiting before makeflow starts."""
    port = bench.ports.take()
    tasks = {**bench.environment, **(environment or {})}
    with attached_workers(bench, directory / "workers", port, tasks):
        return run_makeflow(bench, directory / "flow", rules, ["-p", str(port)])


@contextlib.contextmanager
def catalog(bench: Bench, directory: Path, options: Sequence[str] = ("-l", "1800")) -> Iterator[RawCatalog]:
    """Run a catalog server that this machine alone reaches, and that reports to itself."""
    port = bench.ports.take(2)
    words = ["catalog_server", "-p", str(port), "-I", "127.0.0.1", "-u", f"127.0.0.1:{port}", "-n", "localhost"]
    client = CatalogClient("127.0.0.1", port)
    words += [*options, "-H", str(directory / "history")]
    with running(words, directory, bench.environment) as process:
        wait_until("the catalog answers", lambda: _answers(client), 20.0)
        yield RawCatalog(client, port, process.pid)


def installed_catalog(bench: Bench, directory: Path) -> contextlib.AbstractContextManager[RawCatalog]:
    """Run a catalog server with the options that the role `catalog` gives it."""
    return catalog(bench, directory, INSTALLED_OPTIONS)


def _answers(client: CatalogClient) -> bool:
    try:
        client.query(["catalog"])
    except CatalogUnreachable:
        return False
    return True


def add_stale_records(client: CatalogClient, project: str, count: int, first_port: int) -> None:
    """Put records into the catalog such as finished managers leave there for minutes.

    Args:
        client: of the catalog.
        project: name of their projects, a number is put behind it.
        count: how many.
        first_port: of as many neighbouring ports that nobody listens on.
    """
    common = {"type": "wq_master", "lifetime": STALE_LIFETIME_SECONDS, "tasks_waiting": 1, "tasks_left": 1}
    about = {"owner": "bench", "version": "7", "starttime": int(time.time()), "workers": 0, "capacity_tasks": 10}
    for number in range(count):
        client.update({**common, **about, "project": f"{project}{number}", "port": first_port + number})
