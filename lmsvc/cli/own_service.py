"""A whole service for the time of one command, on ports of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from lmsvc.ports import free_ports

READY = "lmsvc is ready"
READY_SECONDS = 90.0
STOP_SECONDS = 20.0
OF_ANOTHER = ("LMSVC_TOKEN_FILE", "LMSVC_ACCEL_PREFIX")
"""Set for commands that talk to a service elsewhere, or by one; the service of one command needs neither."""


@contextmanager
def own_service(data_dir: Path) -> Iterator[str]:
    """Run ``lmsvc up`` in ``data_dir`` and give its URL once it is ready; end all of it afterwards.

    Raises:
        click.ClickException: It did not become ready; the text is its own.
    """
    port, catalog = free_ports(1), free_ports(2)
    names = {"LMSVC_HOST": "127.0.0.1", "LMSVC_PORT": str(port), "LMSVC_CATALOG_PORT": str(catalog)}
    data_dir.mkdir(parents=True, exist_ok=True)
    log = data_dir / "up.log"
    process = _start(data_dir, names, log)
    try:
        _wait_ready(process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        _stop(process)


def _start(data_dir: Path, names: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "lmsvc.cli.main", "up", "--data-dir", str(data_dir)]
    with log.open("wb") as out:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "--", *words],
            env={**{name: value for name, value in os.environ.items() if name not in OF_ANOTHER}, **names},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _wait_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + READY_SECONDS
    while READY not in log.read_text(encoding="utf-8"):
        if process.poll() is not None:
            raise click.ClickException(f"the service does not start:\n{log.read_text(encoding='utf-8')}")
        if time.monotonic() > end:
            raise click.ClickException(f"the service was not ready after {READY_SECONDS:.0f} s; see {log}")
        time.sleep(0.05)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
