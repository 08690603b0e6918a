"""A whole service under test: ``lmsvc up`` as a process of its own, its processes, a client."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import psutil

from lmsvc.cli.local_files import with_uploads
from lmsvc.client import Client, ServiceUnreachable
from lmsvc.ports import free_ports
from lmsvc.supervisor import INSTANCE_MARK, instance_pids

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 90.0
TETHER = ("setpriv", "--pdeathsig", "TERM", "--")
"""A service ends with the test run, however that ends."""
JOB_SECONDS = 120.0


def wait_for(what: str, condition: Callable[[], Any], seconds: float, pause_seconds: float = 0.03) -> float:
    """Wait until a condition holds; print and return how long it took.

    Raises:
        AssertionError: it did not hold within ``seconds``.
    """
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, f"{what}: not within {seconds} s"
        time.sleep(pause_seconds)
    took = time.monotonic() - started
    print(f"{what}: {took:.2f} s")
    return took


def variables(settings: Mapping[str, object]) -> dict[str, str]:
    """Return the environment variables that set some settings."""
    return {
        f"LMSVC_{name.upper()}": value if isinstance(value, str) else json.dumps(value)
        for name, value in settings.items()
    }


class RunningService:
    """A service in a data directory; started, killed and started again by tests."""

    def __init__(
        self,
        data_dir: Path,
        environment: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
        **settings: object,
    ) -> None:
        """Choose ports; nothing runs before `start`.

        Args:
            data_dir: where all its files are.
            environment: variables that differ from this process's.
            prefix: a command that runs the service's own.
            settings: fields of `lmsvc.settings.Settings`.
        """
        self.data_dir = data_dir
        self._prefix = prefix
        data_dir.mkdir(parents=True, exist_ok=True)
        self.port = free_ports(1)
        self.catalog_port = free_ports(2)
        managers = free_ports(100)
        own: Mapping[str, object] = {
            "data_dir": str(data_dir),
            "port": self.port,
            "catalog_port": self.catalog_port,
            "manager_ports": [managers, managers + 99],
            "tool_path": f"{ROOT}/.tools/bin:{os.environ['PATH']}",
        }
        self._environment = {**os.environ, **(environment or {})}
        self.change({**own, **settings})
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = Client(self.url)
        self.process: subprocess.Popen[bytes] | None = None

    def change(self, settings: Mapping[str, object]) -> None:
        """Change settings; they hold from the next start on."""
        self._environment |= variables(settings)

    def start_controller(self, host_name: str, **settings: object) -> subprocess.Popen[bytes]:
        """Start another controller on the same data directory and database, with a log of its own."""
        managers = free_ports(100)
        own = {"host_name": host_name, "manager_ports": [managers, managers + 99], **settings}
        with (self.data_dir / "logs" / f"controller-{host_name}.log").open("ab") as log:
            return subprocess.Popen(
                [*TETHER, sys.executable, "-m", "lmsvc.cli.main", "controller"],
                env={**self._environment, **variables(own), INSTANCE_MARK: str(self.data_dir)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def start(self) -> None:
        """Start it and wait until it is ready."""
        with (self.data_dir / "up.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self._prefix, *TETHER, sys.executable, "-m", "lmsvc.cli.main", "up"],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_for("service ready", self._ready, READY_SECONDS)

    def _ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.data_dir / "up.log").read_text()
        try:
            return self.client.ready()
        except Exception:
            return False

    def stop(self) -> None:
        """End it and check that nothing of it is left."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)
        self.client.close()
        self.client = Client(self.url)
        self.assert_nothing_left()

    def kill_everything(self) -> None:
        """Kill the supervisor and every process of the service with SIGKILL."""
        assert self.process is not None
        self.process.kill()
        for pid in self.pids():
            kill(pid)
        self.process.wait()

    def pids(self) -> list[int]:
        """Return every process of the service below its supervisor: those marked as its, or that name its directory."""
        place = str(self.data_dir)
        named = {pid for pid in psutil.pids() if any(place in word for word in command_line(pid))}
        supervisor = self.process.pid if self.process else 0
        return sorted((named | set(instance_pids(place))) - {supervisor, os.getpid()})

    def assert_nothing_left(self) -> None:
        """Fail where a process of the service lives on."""
        wait_for("nothing left", lambda: not self.pids(), 10)

    def find(self, *words: str) -> list[int]:
        """Return the service's processes whose command line holds all of some words, oldest first."""
        found = []
        for pid in self.pids():
            line = command_line(pid)
            if all(any(word in part for part in line) for word in words):
                found.append(pid)
        return sorted(found)

    def submit(self, document: Mapping[str, Any]) -> str:
        """Submit a job and return its id."""
        return str(self.client.submit(document)["id"])

    def upload(self, path: Path) -> str:
        """Upload a file and return its id."""
        return str(self.client.upload(path)["id"])

    def submit_files(self, document: Mapping[str, Any], folder: Path) -> str:
        """Upload the files that a document names, which are in a folder, submit the job and return its id."""
        uploaded = with_uploads(document, folder, self.upload)
        assert isinstance(uploaded, dict)
        return self.submit(uploaded)

    def job(self, job_id: str) -> dict[str, Any]:
        """Return a job's status."""
        return dict(self.client.job(job_id))

    def wait_for_end(self, job_id: str, seconds: float = JOB_SECONDS) -> dict[str, Any]:
        """Wait until a job is over; return its status."""
        wait_for(f"job {job_id} over", lambda: self.is_over(job_id), seconds, pause_seconds=0.15)
        return self.job(job_id)

    def is_over(self, job_id: str) -> bool:
        """Return whether a job has ended; while the web service is away that is not known, so not."""
        try:
            return self.job(job_id)["state"] in ("succeeded", "failed", "cancelled")
        except ServiceUnreachable:
            return False

    def run(self, document: Mapping[str, Any], seconds: float = JOB_SECONDS) -> dict[str, Any]:
        """Submit a job and wait for its end."""
        return self.wait_for_end(self.submit(document), seconds)

    def tasks(self, job_id: str) -> list[dict[str, Any]]:
        """Return the tasks of a job."""
        answer = httpx.get(f"{self.url}/api/v1/jobs/{job_id}/tasks", trust_env=False)
        return list(answer.raise_for_status().json()["tasks"])

    def log_lines(self, program: str, text: str) -> list[str]:
        """Return the lines of a program's log that hold a text."""
        lines = (self.data_dir / "logs" / f"{program}.log").read_text(errors="replace").splitlines()
        return [line for line in lines if text in line]

    def logs(self) -> str:
        """Return the tails of all logs, for a failing test."""
        tails = [f"--- {path.name}\n{_tail(path)}" for path in sorted((self.data_dir / "logs").glob("*.log"))]
        return "\n".join(tails)


def _tail(path: Path, lines: int = 40) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


def command_line(pid: int) -> Sequence[str]:
    """Return the command line of a process, empty where it is gone."""
    try:
        return psutil.Process(pid).cmdline()
    except psutil.Error:
        return []


def kill(pid: int) -> None:
    """Kill a process with SIGKILL if it still lives."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
