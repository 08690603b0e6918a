"""A web service under gunicorn, on a port of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.web.site import UNUSED_CATALOG_PORT, Site

PORTS = range(18000, 18400)
START_SECONDS = 120.0


@dataclass(frozen=True)
class Server:
    """A running service and its files."""

    url: str
    site: Site
    pid: int

    @classmethod
    @contextmanager
    def start(cls, root: Path, **settings: str) -> Iterator["Server"]:
        """Start gunicorn over a data directory and wait until it answers; end it afterwards."""
        port = _free_port()
        site = Site.make(root)
        words = [sys.executable, "-m", "gunicorn", "-c", "python:lmsvc.web.gunicorn_conf"]
        words.append("lmsvc.web.wsgi:app_from_environment()")
        log = (root / "web.log").open("wb")
        process = subprocess.Popen(words, env=_environment(root, port, settings), stdout=log, stderr=log)
        try:
            _wait(process, f"http://127.0.0.1:{port}", root / "web.log")
            yield cls(f"http://127.0.0.1:{port}", site, process.pid)
        finally:
            process.terminate()
            process.wait(30)
            log.close()
            site.store.close()

    def client(self) -> httpx.Client:
        """Return an HTTP client for the service."""
        return httpx.Client(base_url=self.url, timeout=60.0, trust_env=False, verify=False)

    def raw(self, request: bytes) -> bytes:
        """Send bytes, end the sending side, and return all that comes back."""
        address = urlsplit(self.url)
        with socket.create_connection((address.hostname, address.port or 0), 30) as connection:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
            return answer


def _environment(root: Path, port: int, settings: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LMSVC_")}
    own = {"LMSVC_DATA_DIR": str(root), "LMSVC_PORT": str(port), "LMSVC_CATALOG_PORT": str(UNUSED_CATALOG_PORT)}
    return {**kept, **own, **settings}


def _free_port() -> int:
    begin = os.getpid() * 7  # Not the same for all: tests of several trees may run at a time.
    for port in (PORTS[(begin + step) % len(PORTS)] for step in range(len(PORTS))):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free for a web service")


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        try:
            httpx.get(f"{url}/healthz", trust_env=False).raise_for_status()
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"the web service did not answer:\n{log.read_text()}")
