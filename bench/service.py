"""A whole service of the bench's own: ``lmsvc up`` as a process, as a user starts it."""

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.jobs import JobFailed, Timing, run_job, wait_for_job
from bench.ports import Ports
from bench.processes import descendants, end, wait_until
from lmsvc.client import Client
from lmsvc.heartbeats import read_heartbeats
from lmsvc.paths import DataPaths
from lmsvc.supervisor import kill_instance

READY_LINE = "lmsvc is ready"
READY_SECONDS = 90.0
STOP_SECONDS = 20.0
MANAGERS = 100
CLIENT_SECONDS = 60.0
POOL = "default"


class Service:
    """A service in a data directory; may be started again after it ended."""

    def __init__(
        self, data_dir: Path, ports: Ports, environment: Mapping[str, str], settings: Mapping[str, Any]
    ) -> None:
        """Choose ports; ``settings`` are fields of `lmsvc.settings.Settings` that differ from the default."""
        self.data_dir = data_dir
        data_dir.mkdir(parents=True, exist_ok=True)
        port, managers = ports.take(), ports.take(MANAGERS)
        self.catalog_port = ports.take(2)
        own = {
            "data_dir": str(data_dir),
            "port": str(port),
            "catalog_port": str(self.catalog_port),
            "manager_ports": [managers, managers + MANAGERS - 1],
            **settings,
        }
        self._environment = {
            **environment,
            **{f"LMSVC_{k.upper()}": v if isinstance(v, str) else json.dumps(v) for k, v in own.items()},
        }
        self.url = f"http://127.0.0.1:{port}"
        self.client = Client(self.url, timeout=CLIENT_SECONDS)
        self._process: subprocess.Popen[bytes] | None = None
        self._log = data_dir / "up.log"

    def start(self) -> float:
        """Start it; return the seconds until it said that it is ready."""
        self._log.unlink(missing_ok=True)
        self.client = Client(self.url, timeout=CLIENT_SECONDS)
        started = time.monotonic()
        words = [sys.executable, "-m", "lmsvc.cli.main", "up"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "--", *words],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_until("the service ready", self._says_ready, READY_SECONDS)
        return time.monotonic() - started

    def _says_ready(self) -> bool:
        text = self._log.read_text(encoding="utf-8", errors="replace")
        if self._process is None or self._process.poll() is not None:
            raise JobFailed(f"lmsvc up ended: {text[-2000:]}")
        return READY_LINE in text

    def stop(self) -> None:
        """End all of it."""
        self.client.close()
        if self._process is not None:
            end(self._process, STOP_SECONDS, ask=signal.SIGTERM)
        kill_instance(str(self.data_dir))

    def pids(self) -> list[int]:
        """Return all of its processes, the supervisor too."""
        if self._process is None:
            return []
        return [self._process.pid, *(child.pid for child in descendants(self._process.pid))]

    def controller_pid(self) -> int:
        """Return the process id of the controller."""
        (beat,) = read_heartbeats(DataPaths(self.data_dir).controllers)
        return beat.pid

    def run(self, document: Mapping[str, Any]) -> Timing:
        """Submit a job and wait for its package (see `run_job`)."""
        return run_job(self.client, document)

    def wait(self, job_id: str) -> None:
        """Wait until a job has succeeded and its package is there (see `wait_for_job`)."""
        wait_for_job(self.client, job_id)

    def wait_running(self, job_id: str, count: int, seconds: float = 120.0) -> None:
        """Wait until at least ``count`` items of a job run at the same time."""
        wait_until(f"{count} items at work", lambda: self._running(job_id) >= count, seconds)

    def _running(self, job_id: str) -> int:
        time.sleep(0.1)
        return int(self.client.job(job_id)["progress"]["running"])


@contextlib.contextmanager
def started(service: Service) -> Iterator[Service]:
    """Run a service as long as the block lasts."""
    try:
        service.start()
        yield service
    finally:
        service.stop()
