"""2 GB through the proxy, both ways, in memory that does not grow with the file."""

import os
import time
from pathlib import Path

import psutil
import pytest

from lmsvc.client import Client
from tests.client.relay import Relay
from tests.web import certificates
from tests.web.proxy import nginx
from tests.web.server import Server

pytestmark = pytest.mark.full

SIZE = 2_000_000_000
MARK = b"the very end"
MOST_MORE_MB = 60.0


def processes(directory: Path) -> set[int]:
    """Return the service's and the proxy's processes: those that are told the directory, and their children."""
    named = [each for each in psutil.process_iter() if each.pid != os.getpid() and _is_told(each.pid, directory)]
    return {each.pid for parent in named for each in (parent, *parent.children(recursive=True))}


def _is_told(process: int, directory: Path) -> bool:
    try:
        told = [(Path("/proc") / str(process) / name).read_bytes() for name in ("cmdline", "environ")]
    except OSError:
        return False
    return str(directory).encode() in b"".join(told)


def peak_mb(process: int) -> float:
    """Return the most memory a process has had resident, its share of files it maps included."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1000


def test_two_gigabytes_up_and_down_in_constant_memory(tmp_path: Path) -> None:
    """Over a line that breaks on the way, 2 GB arrive and come back whole; no process grows by more than 60 MB."""
    source, made = tmp_path / "layers.tif", certificates.make(tmp_path)
    with source.open("wb") as file:
        file.truncate(SIZE - len(MARK))
        file.seek(0, os.SEEK_END)
        file.write(MARK)
    root, settings = tmp_path / "data", {"LMSVC_ACCEL_PREFIX": "/-/data/"}
    with (
        Server.start(root, **settings) as server,
        nginx(tmp_path, server.url, root, made) as url,
        Relay.over(url, most=1_200_000_000) as relay,
        Client(relay.url.replace("http:", "https:"), ca_file=made.ca) as client,
    ):
        client.upload(Path(__file__))
        before = {process: peak_mb(process) for process in processes(tmp_path)}
        began = time.monotonic()
        stored = client.upload(source)
        up = time.monotonic() - began
        job_id = server.site.ended()
        package = server.site.paths.job(job_id).package
        package.parent.mkdir(parents=True, exist_ok=True)
        package.hardlink_to(server.site.paths.upload(stored["sha256"]))
        began = time.monotonic()
        client.download_package(job_id, tmp_path / "back.zip")
        down = time.monotonic() - began
        more = {process: peak_mb(process) - was for process, was in before.items()}
    print(f"up {up:.0f} s, down {down:.0f} s, {relay.connections} connections; MB more: {more}")
    assert (tmp_path / "back.zip").stat().st_size == SIZE
    with (tmp_path / "back.zip").open("rb") as file:
        file.seek(-len(MARK), os.SEEK_END)
        assert file.read() == MARK
    assert len(before) >= 4, "the service's two processes and the proxy's two"
    assert relay.connections >= 3
    assert max(more.values()) < MOST_MORE_MB
