"""A catalog server for web services, and what they make of it."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lmsvc.cctools.catalog import CatalogClient
from tests.web.site import Site

CATALOG_PORT = 18480


@contextmanager
def catalog_server(directory: Path) -> Iterator[CatalogClient]:
    """Run a catalog server with its files in a directory."""
    words = ["catalog_server", "-p", str(CATALOG_PORT), "-I", "127.0.0.1", "-u", f"127.0.0.1:{CATALOG_PORT}"]
    process = subprocess.Popen([*words, "-H", str(directory)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for_port()
        yield CatalogClient("127.0.0.1", CATALOG_PORT)
    finally:
        process.kill()
        process.wait()


def _wait_for_port() -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", CATALOG_PORT)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("catalog_server did not start")


def metrics_of(site: Site) -> dict[str, float]:
    """Return what Prometheus would read."""
    text = site.client.get("/metrics").get_data(as_text=True)
    pairs = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}
