"""A small service without a controller: a catalog, an agent with its slots, and makeflows, all real programs."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from lmsvc.cctools.catalog import CatalogClient, CatalogUnreachable
from lmsvc.doorbell import ring_far
from lmsvc.worker import process, step_runner
from lmsvc.worker.files import read_json
from tests import trixie

HOST = "h1"
SLOT_MEMORY_MB = 500
T = TypeVar("T")

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

MAKEFLOW_ENVIRONMENT = {
    "CATALOG_UPDATE_LIMIT": "200000",
    "OMPI_MCA_ess_singleton_isolated": "1",
    "OMPI_MCA_btl": "self",
    "OMPI_MCA_pml": "ob1",
}
"""As the controller sets it: whole records, and no 0.3 s of Open MPI at the start of Debian 12's makeflow."""


def wait_for(what: str, look: Callable[[], T], seconds: float = 30.0) -> T:
    """Return the first true value ``look`` returns; fail naming ``what`` when there is none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(CatalogUnreachable):
            if found := look():
                return found
        time.sleep(0.02)
    raise AssertionError(f"no {what} within {seconds} s")


def task(name: str, script: str, bundle: str | None = None, seconds: float = 60) -> dict[str, Any]:
    """Return a task of one item that runs a shell script."""
    tool = {"id": "script", "base_command": ["sh", "-c", script], "inputs": {}, "outputs": {}, "success_codes": [0]}
    limits = {"memory_mb": 300, "seconds": seconds, "disk_mb": 100}
    items: list[dict[str, Any]] = [{"index": 0, "label": None, "inputs": {}}]
    own = {"format": 1, "task": name, "step": "s", "bundle": bundle or f"{name}.tar"}
    return {**own, "tool": tool, "limits": limits, "common": {}, "items": items}


class Makeflow:
    """A makeflow whose rules each run one task by the step runner."""

    def __init__(
        self, lab: "Lab", job: str, scripts: Sequence[str], port: int, password: Path | None = None, *, gpus: int = 0
    ) -> None:
        """Start it: rule n runs ``scripts[n]``, and asks for so many GPUs."""
        self.project = f"lm-default-{job}-s-0-1"
        self.port = port
        self.directory = lab.directory / job
        self.directory.mkdir()
        self._write(scripts, {"gpus": gpus} if gpus else {})
        self.started = time.time()
        words = ["makeflow", "--json", "-T", "wq", "-N", self.project, "--password", str(password or lab.password)]
        more = ["-p", str(port), "-u", "10", "-t", "10", "-r", "2", "-C", f"127.0.0.1:{lab.port}", "Makeflow.json"]
        self.process = lab.start([*words, *more], self.directory)

    def _write(self, scripts: Sequence[str], gpus: Mapping[str, int]) -> None:
        shutil.copy(step_runner.__file__, self.directory / "lm_step.py")
        rules = []
        for number, script in enumerate(scripts):
            name = f"s.{number:04d}"
            (self.directory / f"{name}.json").write_text(json.dumps(task(name, script)))
            rules.append(
                {
                    "command": f"exec python3 lm_step.py {name}.json",
                    "inputs": ["lm_step.py", f"{name}.json"],
                    "outputs": [f"{name}.tar"],
                    "resources": {"cores": 1, "memory": SLOT_MEMORY_MB, "disk": SLOT_MEMORY_MB, **gpus},
                    "environment": {"CATEGORY": "s"},
                }
            )
        (self.directory / "Makeflow.json").write_text(json.dumps({"rules": rules}))

    def statuses(self) -> list[dict[str, Any]]:
        """Return the status of each bundle that has come back."""
        return [step_runner.read_status(path) for path in sorted(self.directory.glob("s.*.tar"))]

    def wait(self, seconds: float) -> list[dict[str, Any]]:
        """Wait for its end and return the statuses of all bundles."""
        self.process.wait(seconds)
        return self.statuses()


class Lab:
    """Catalog and agent on a port of their own, below one directory; `end` ends everything."""

    def __init__(self, directory: Path, port: int, release: str) -> None:
        """Start the catalog, of the CCTools ``release`` "debian" (on PATH) or "trixie"."""
        self.directory = directory
        self.port = port
        self.release = release
        self.password = self.secret("password", "secret of the pool")
        self.client = CatalogClient("127.0.0.1", port)
        self._processes: list[subprocess.Popen[bytes]] = []
        self.serial = 0
        self.catalog = self.start_catalog()
        self.pool = directory / "pool"

    def secret(self, name: str, text: str) -> Path:
        """Write a password file."""
        path = self.directory / name
        path.write_text(text)
        path.chmod(0o600)
        return path

    def start(self, words: Sequence[str], directory: Path | None = None) -> subprocess.Popen[bytes]:
        """Start a program of the release; its output goes to a log."""
        own = {"PATH": PATH, "LANG": "C.UTF-8", "PYTHONPATH": str(trixie.PROJECT), "LMSVC_DATABASE_URL": "secret"}
        environment = {**own, **MAKEFLOW_ENVIRONMENT}
        command = trixie.inside(words) if self.release == "trixie" else list(words)
        place = directory or self.directory
        with (self.directory / "log").open("ab") as log:
            child = subprocess.Popen(command, cwd=place, env=environment, stdout=log, stderr=log)
        self._processes.append(child)
        return child

    def start_catalog(self) -> subprocess.Popen[bytes]:
        """Start the catalog server and wait until it answers."""
        place = f"127.0.0.1:{self.port}"
        words = ["catalog_server", "--port", str(self.port), "--update-host", place, "--lifetime", "120"]
        child = self.start(words)
        wait_for("catalog", lambda: self.client.query(["catalog"]) or True)
        return child

    def start_agent(self, slots: int = 2, *more: str, expected: int | None = None) -> subprocess.Popen[bytes]:
        """Start the agent, with more words on its command line, and wait until all slots (or as many) are alive."""
        python = "/usr/bin/python3" if self.release == "trixie" else sys.executable
        words = [python, "-m", "lmsvc.worker.agent", "--pool", "default", "--pool-dir", str(self.pool)]
        place = ["--host", HOST, "--catalog", f"127.0.0.1:{self.port}", "--controllers", "127.0.0.1"]
        shape = ["--slots", str(slots), "--memory-mb", str(SLOT_MEMORY_MB), "--disk-mb", "1000"]
        child = self.start([*words, *place, *shape, "--path", PATH, "--password-file", str(self.password), *more])
        wait_for("slots", lambda: len(self.states()) == (slots if expected is None else expected))
        wait_for("record", self.report)
        return child

    def allocate(self, shares: Mapping[Makeflow, int] | Mapping[tuple[str, int], int], **more: object) -> None:
        """Publish the pool's allocation: slots of this host for each makeflow, or project and port."""
        keys = [(key.project, key.port) if isinstance(key, Makeflow) else key for key in shares]
        managers = {
            project: {"port": port, "hosts": {HOST: slots}}
            for (project, port), slots in zip(keys, shares.values(), strict=True)
        }
        self.serial += 1
        head = {"type": "lm_allocation", "uuid": "allocation-default", "port": 0, "lifetime": 120, "pool": "default"}
        self.client.update({**head, "serial": self.serial, "managers": managers, "refuse": {}, **more})
        self.ring()

    def ring(self) -> None:
        """Wake every agent for the allocation of the last serial."""
        for record in self.client.query(["lm_agent"]):
            ring_far(record["address"], record["bell"], self.serial)

    def report(self) -> dict[str, Any]:
        """Return the agent's record in the catalog."""
        return next(iter(self.client.query(["lm_agent"])), {})

    def states(self) -> list[dict[str, Any]]:
        """Return the states of live slots."""
        found = map(read_json, sorted(self.pool.glob("slots/*/state.json")))
        return [state for state in found if state and Path(f"/proc/{state['pid']}").exists()]

    def factories(self) -> list[int]:
        """Return the ids of the factories that keep slots."""
        return [pid for pid in process.children(self.agent_pid()) if is_factory(pid)]

    def spare(self) -> list[int]:
        """Return the ids of slot processes that hold no slot."""
        holders = {state["pid"] for state in self.states()}
        return [pid for pid in self.below(self.agent_pid()) if is_slot(pid) and pid not in holders]

    def agent_pid(self) -> int:
        """Return the agent's process id."""
        return int(json.loads((self.pool / "slot.json").read_text())["agent_pid"])

    @staticmethod
    def below(pid: int) -> list[int]:
        """Return all descendants of a process."""
        return process.descendants(pid)

    def end(self) -> None:
        """End everything that was started."""
        for child in reversed(self._processes):
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
                try:
                    child.wait(10)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait(10)
        process.kill_marked("LMSVC_SLOT_DIR", str(self.pool))


def send_from(address: str, port: int, record: dict[str, object]) -> None:
    """Send a record to a catalog from another address than the controllers'."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((address, 0))
        sender.sendto(json.dumps(record).encode(), ("127.0.0.1", port))


def is_slot(pid: int) -> bool:
    """Return whether a process is a slot."""
    return _runs(pid, b"lmsvc.worker.slot")


def is_factory(pid: int) -> bool:
    """Return whether a process is a factory."""
    return _runs(pid, b"work_queue_factory")


def _runs(pid: int, word: bytes) -> bool:
    with contextlib.suppress(OSError):
        return word in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def alive(pid: int) -> bool:
    """Return whether a process runs (a zombie does not)."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    return False


def kill(pid: int) -> None:
    """Send SIGKILL, unless the process has just ended by itself."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
