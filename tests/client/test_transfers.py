"""Large files over bad lines."""

import hashlib
import os
from pathlib import Path

import pytest

from lmsvc.client import ApiError, Client
from tests.client.relay import Relay
from tests.web.server import Server

MEGABYTE = 1_000_000


def made(path: Path, size: int) -> str:
    """Write a file of random bytes; return its sha256."""
    content = os.urandom(size)
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def test_an_upload_goes_on_where_the_line_broke(server: Server, tmp_path: Path) -> None:
    """Over a line that breaks every 8 MB a file of 30 MB arrives whole, and hardly more than that is sent."""
    sha256 = made(tmp_path / "layer ä.tif", 30 * MEGABYTE)
    told = list[int]()
    with Relay.over(server.url, most=8 * MEGABYTE) as relay, Client(relay.url) as client:
        stored = client.upload(tmp_path / "layer ä.tif", lambda done, size: told.append(done))
    print(f"{relay.sent / MEGABYTE:.1f} MB sent over {relay.connections} connections")
    assert (stored["sha256"], stored["name"], stored["size"]) == (sha256, "layer ä.tif", 30 * MEGABYTE)
    assert server.site.paths.upload(sha256).stat().st_size == 30 * MEGABYTE
    assert relay.connections > 3
    assert relay.sent < 34 * MEGABYTE
    assert told[-1] == 30 * MEGABYTE


def test_an_upload_goes_on_in_another_process(server: Server, tmp_path: Path) -> None:
    """Who gave up half-way and begins again sends only the other half."""
    made(tmp_path / "a.tif", 20 * MEGABYTE)

    def give_up(done: int, size: int) -> None:
        if done > size / 2:
            raise KeyboardInterrupt

    with Client(server.url) as client, pytest.raises(KeyboardInterrupt):
        client.upload(tmp_path / "a.tif", give_up)
    with Relay.over(server.url) as relay, Client(relay.url) as client:
        assert [transfer["name"] for transfer in client.unfinished_uploads()] == ["a.tif"]
        client.upload(tmp_path / "a.tif")
        assert client.unfinished_uploads() == []
    print(f"{relay.sent / MEGABYTE:.1f} MB sent the second time")
    assert relay.sent < 12 * MEGABYTE


def test_what_the_service_has_is_not_sent_again(server: Server, tmp_path: Path) -> None:
    """A file that was uploaded before costs a question."""
    made(tmp_path / "b.tif", 9 * MEGABYTE)
    with Relay.over(server.url) as relay, Client(relay.url) as client:
        first = client.upload(tmp_path / "b.tif")
        before = relay.sent
        assert client.upload(tmp_path / "b.tif") == first
    assert relay.sent - before < 10_000


def test_a_file_that_changes_while_it_is_sent_is_refused(server: Server, tmp_path: Path) -> None:
    """What arrives must be what was announced; nothing of the rest is kept."""
    made(tmp_path / "c.tif", 9 * MEGABYTE)

    def change(done: int, size: int) -> None:
        with (tmp_path / "c.tif").open("r+b") as file:
            file.seek(size - 1)
            file.write(b"x" if done % 2 else b"y")

    with Client(server.url) as client:
        with pytest.raises(ApiError) as refused:
            client.upload(tmp_path / "c.tif", change)
        assert refused.value.status == 460
        assert client.unfinished_uploads() == []


def test_a_download_goes_on_where_the_line_broke(server: Server, tmp_path: Path) -> None:
    """A package of 30 MB comes whole over a line that breaks every 8 MB, and nothing is fetched twice."""
    content, job_id = os.urandom(30 * MEGABYTE), server.site.ended()
    server.site.package(job_id, content)
    with Relay.over(server.url, most=8 * MEGABYTE) as relay, Client(relay.url) as client:
        client.download_package(job_id, tmp_path / "p.zip")
    print(f"{relay.received / MEGABYTE:.1f} MB received over {relay.connections} connections")
    assert (tmp_path / "p.zip").read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["p.zip"]
    assert relay.received < 34 * MEGABYTE


def test_a_download_goes_on_in_another_process_unless_the_file_is_another_now(server: Server, tmp_path: Path) -> None:
    """The part that came is used again while the service has the same version, and thrown away when not."""
    content, job_id, told = os.urandom(20 * MEGABYTE), server.site.ended(), list[int]()

    def give_up(done: int, size: int) -> None:
        told.append(done)
        if done > size / 2:
            raise KeyboardInterrupt

    with Client(server.url) as client:
        server.site.package(job_id, content)
        with pytest.raises(KeyboardInterrupt):
            client.download_package(job_id, tmp_path / "p.zip", give_up)
        first = len(told)
        with pytest.raises(KeyboardInterrupt):
            client.download_package(job_id, tmp_path / "p.zip", give_up)
        assert told[first] > told[first - 1] > 10 * MEGABYTE
        server.site.package(job_id, content[::-1])
        client.download_package(job_id, tmp_path / "p.zip")
    assert (tmp_path / "p.zip").read_bytes() == content[::-1]
    assert [path.name for path in tmp_path.iterdir()] == ["p.zip"]
