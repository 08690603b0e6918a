"""One ``makeflow`` process: its workflow file, its command line, its life.

Makeflow's exit code says nothing about failure and a failed rule with dependents makes it spin for ever, so whoever
runs one reads its log (`lmsvc.cctools.makeflow_log`) and ends it with `MakeflowProcess.kill`.
"""

import json
import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

WORKFLOW_FILE = "Makeflow.json"
MAKEFLOW_LOG = "makeflow.log"
BATCH_LOG = "wq.log"
TRANSACTIONS_LOG = "wq.log.tr"
CONSOLE_LOG = "makeflow.out"
LOCK_FILE = "lock"
LOCK_TAKEN = 75

# Debian 12's makeflow is linked with Open MPI, whose start-up takes 0.3 s and a daemon unless told there is no cluster.
_QUICK_START = {"OMPI_MCA_ess_singleton_isolated": "1", "OMPI_MCA_btl": "self", "OMPI_MCA_pml": "ob1"}
# Above this size the catalog would get a record without categories, which factories cannot read.
_FULL_RECORDS = {"CATALOG_UPDATE_LIMIT": "200000"}


@dataclass(frozen=True)
class Rule:
    """One rule of a Makeflow.

    Attributes:
        command: what the worker runs, as a shell command line of safe words.
        inputs: files sent with it, relative to the workflow's directory.
        outputs: files that come back.
        category: Work Queue category.
        cores: cores asked for.
        memory_mb: memory asked for, MB.
        disk_mb: disk asked for, MB.
        gpus: GPUs asked for.
    """

    command: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    category: str
    cores: int
    memory_mb: int
    disk_mb: int
    gpus: int = 0


def workflow(rules: Iterable[Rule]) -> dict[str, object]:
    """Return the JSON workflow of some rules; every rule has resources and tells Work Queue its category."""
    return {"rules": [_rule_json(rule) for rule in rules]}


def _rule_json(rule: Rule) -> dict[str, object]:
    gpus = {"gpus": rule.gpus} if rule.gpus else {}
    return {
        "command": rule.command,
        "inputs": list(rule.inputs),
        "outputs": list(rule.outputs),
        "category": rule.category,
        "environment": {"CATEGORY": rule.category},
        "resources": {"cores": rule.cores, "memory": rule.memory_mb, "disk": rule.disk_mb, **gpus},
    }


@dataclass(frozen=True)
class Manager:
    """Where and as what a makeflow listens for workers.

    Attributes:
        project: project name in the catalog.
        port: TCP port.
        catalog: ``host:port`` of the catalog server.
        password_file: Work Queue password of the pool.
        retries: how often a rule is tried again.
    """

    project: str
    port: int
    catalog: str
    password_file: Path
    retries: int = 2


def command_line(manager: Manager) -> list[str]:
    """Return the makeflow command of a manager, to be run in the workflow's directory."""
    return [
        *("makeflow", "--json", "-T", "wq", "-N", manager.project, "-p", str(manager.port)),
        *("--password", str(manager.password_file), "-C", manager.catalog, "-r", str(manager.retries)),
        *("-u", "10", "-t", "10", "-l", MAKEFLOW_LOG, "-L", BATCH_LOG, "--do-not-save-failed-output"),
        WORKFLOW_FILE,
    ]


def tethered(argv: Sequence[str]) -> list[str]:
    """Return a command that dies (SIGKILL) with the thread that started it."""
    return ["setpriv", "--pdeathsig", "KILL", "--", *argv]


def locked(argv: Sequence[str]) -> list[str]:
    """Return a command that runs only while it alone holds the lock of its directory, else exits `LOCK_TAKEN`."""
    return ["flock", "-n", "--no-fork", "-E", str(LOCK_TAKEN), LOCK_FILE, *argv]


def makeflow_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment a makeflow is started in."""
    return {**environment, **_QUICK_START, **_FULL_RECORDS}


def write_workflow(directory: Path, rules: Iterable[Rule]) -> None:
    """Write the workflow file into its directory."""
    text = json.dumps(workflow(rules), separators=(",", ":"))
    (directory / WORKFLOW_FILE).write_text(text, encoding="utf-8")


class MakeflowProcess:
    """A running makeflow. It dies with the thread that started it and holds the lock of its directory."""

    def __init__(self, directory: Path, manager: Manager) -> None:
        """Start makeflow on the workflow in ``directory``; an earlier log there is recovered."""
        self.directory = directory
        self.manager = manager
        with (directory / CONSOLE_LOG).open("ab") as console:
            self._process = subprocess.Popen(
                tethered(locked(command_line(manager))),
                cwd=directory,
                env=makeflow_environment(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def exit_code(self) -> int | None:
        """Return the exit code, negative for a signal, or None while it runs."""
        return self._process.poll()

    def kill(self) -> None:
        """End it at once: its workers see the connection close and stop their tasks."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    def console_tail(self, lines: int = 5) -> str:
        """Return the last lines it printed."""
        text = (self.directory / CONSOLE_LOG).read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])


def makeflow_version() -> str:
    """Return the release of CCTools on PATH, as makeflow prints it."""
    result = subprocess.run(
        ["makeflow", "--version"], env=makeflow_environment(os.environ), capture_output=True, text=True, check=True
    )
    return result.stdout.splitlines()[0].removeprefix("makeflow version ").strip()
