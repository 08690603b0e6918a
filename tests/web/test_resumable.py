"""Uploads in parts by the tus protocol, over real connections."""

import base64
import hashlib
import os
import socket
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from lmsvc.store.accounts_records import Quota
from tests.web.asking import body, problem
from tests.web.people import guarded_site, person
from tests.web.server import Server
from tests.web.site import Site

TUS = "/api/v1/tus"
VERSION = {"Tus-Resumable": "1.0.0"}
PART = {**VERSION, "Content-Type": "application/offset+octet-stream"}


def encoded(raw: bytes) -> str:
    """Return base64 as text."""
    return base64.b64encode(raw).decode()


def begin(client: httpx.Client, size: int, **metadata: str) -> str:
    """Begin an upload of some size; return its address."""
    pairs = ",".join(f"{key} {encoded(value.encode())}" for key, value in metadata.items())
    answer = client.post(TUS, headers={**VERSION, "Upload-Length": str(size), "Upload-Metadata": pairs})
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "0"), answer.text
    assert answer.headers["Upload-Expires"].endswith("GMT")
    return answer.headers["Location"]


def send(client: httpx.Client, address: str, offset: int, part: bytes, **headers: str) -> httpx.Response:
    """Send a part."""
    return client.patch(address, content=part, headers={**PART, "Upload-Offset": str(offset), **headers})


def stands(client: httpx.Client, address: str) -> int:
    """Return how many bytes have arrived, as the protocol asks for it."""
    answer = client.head(address, headers=VERSION)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    return int(answer.headers["Upload-Offset"])


def connected(server: Server, address: str, offset: int, size: int) -> socket.socket:
    """Return a connection on which a part of some size has been announced."""
    place = urlsplit(server.url)
    connection = socket.create_connection((place.hostname, place.port or 0), 30)
    lines = {**PART, "Host": "localhost", "Upload-Offset": str(offset), "Content-Length": str(size)}
    head = f"PATCH {address} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    connection.sendall(f"{head}\r\n".encode())
    return connection


def until(client: httpx.Client, address: str, size: int) -> None:
    """Wait until so many bytes lie on the disk, without disturbing whoever sends them."""
    for _ in range(500):
        if client.get(address).json()["offset"] >= size:
            return
        time.sleep(0.01)
    raise AssertionError(client.get(address).text)


def test_an_upload_in_parts_is_an_upload_like_any_other(server: Server) -> None:
    """Three parts become one file with the id of its content, under its name, and leave no part behind."""
    content = os.urandom(3_000_000)
    with server.client() as client:
        address = begin(client, len(content), filename="Größe 1.csv", sha256=hashlib.sha256(content).hexdigest())
        for offset in (0, 1_000_000, 2_000_000):
            last = send(client, address, offset, content[offset : offset + 1_000_000])
            assert (last.status_code, last.headers["Upload-Offset"]) == (204, str(offset + 1_000_000))
        stored = client.get(f"/api/v1/uploads/{last.headers['Lmsvc-Upload']}").json()
        told = client.get(address).json()
    assert stored["sha256"] == hashlib.sha256(content).hexdigest()
    assert (stored["name"], stored["size"]) == ("Größe 1.csv", 3_000_000)
    assert (told["upload"], told["offset"]) == (stored["id"], 3_000_000)
    assert server.site.paths.upload(stored["sha256"]).read_bytes() == content
    assert not list(server.site.paths.transfers.glob(f"{told['id']}/data"))


def test_what_came_before_the_connection_broke_is_kept(server: Server) -> None:
    """A part that breaks off after 400,000 bytes leaves these; the rest makes the file whole."""
    content = os.urandom(1_000_000)
    with server.client() as client:
        address = begin(client, len(content))
        with connected(server, address, 0, len(content)) as connection:
            connection.sendall(content[:400_000])
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(100).startswith(b"HTTP/1.1 400 ")
        assert stands(client, address) == 400_000
        done = send(client, address, 400_000, content[400_000:])
    assert done.headers["Lmsvc-Upload"] == hashlib.sha256(content).hexdigest()[:32]


def test_who_comes_back_does_not_wait_for_a_dead_connection(server: Server) -> None:
    """A sender that fell silent is hung up on as soon as the upload is asked for again, and its bytes are kept."""
    content = os.urandom(1_000_000)
    with server.client() as client:
        address = begin(client, len(content))
        with connected(server, address, 0, len(content)) as silent:
            silent.sendall(content[:300_000])
            until(client, address, 300_000 // (1 << 18) * (1 << 18))
            started = time.monotonic()
            offset = stands(client, address)
            print(f"taken over after {time.monotonic() - started:.3f} s")
            assert (offset, time.monotonic() - started < 2.5) == (300_000, True)
            assert silent.recv(100).startswith(b"HTTP/1.1 400 ")
        assert send(client, address, offset, content[offset:]).status_code == 204


def test_a_restart_of_the_service_loses_nothing(tmp_path: Path) -> None:
    """Half is sent, the service ends and starts again; the other half makes the file whole."""
    content = os.urandom(2_000_000)
    with Server.start(tmp_path / "data") as server, server.client() as client:
        address = begin(client, len(content), filename="a.tif")
        assert send(client, address, 0, content[:1_000_000]).status_code == 204
    with Server.start(tmp_path / "data") as server, server.client() as client:
        assert client.get(TUS).json()["transfers"][0]["offset"] == 1_000_000
        assert stands(client, address) == 1_000_000
        done = send(client, address, 1_000_000, content[1_000_000:])
        assert client.get(TUS).json()["transfers"] == []
    assert done.headers["Lmsvc-Upload"] == hashlib.sha256(content).hexdigest()[:32]


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_part_that_is_not_what_it_says_leaves_nothing(server: Server, algorithm: str) -> None:
    """A wrong checksum is answered by 460 and the part is not kept; with the right one it is."""
    with server.client() as client:
        address = begin(client, 10)
        right = f"{algorithm} {encoded(hashlib.new(algorithm, b'01234').digest())}"
        wrong = send(client, address, 0, b"01235", **{"Upload-Checksum": right})
        assert (wrong.status_code, wrong.json()["type"]) == (460, "urn:lmsvc:wrong-checksum")
        assert stands(client, address) == 0
        assert send(client, address, 0, b"01234", **{"Upload-Checksum": right}).status_code == 204
        assert stands(client, address) == 5


def test_a_part_with_checksum_that_breaks_off_leaves_nothing(server: Server) -> None:
    """What cannot be checked is not kept."""
    with server.client() as client:
        address = begin(client, 10)
        place = urlsplit(server.url)
        head = f"PATCH {address} HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
        head += f"Content-Type: {PART['Content-Type']}\r\nContent-Length: 10\r\n"
        head += f"Upload-Checksum: sha1 {encoded(hashlib.sha1(b'0123456789').digest())}\r\n\r\n01234"
        with socket.create_connection((place.hostname, place.port or 0), 30) as connection:
            connection.sendall(head.encode())
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(100).startswith(b"HTTP/1.1 400 ")
        assert stands(client, address) == 0


def test_a_whole_that_is_not_what_was_announced_is_refused(site: Site) -> None:
    """Where the sha256 of the whole was given, another one is answered by 460 and nothing is stored."""
    pairs = f"sha256 {encoded(b'0' * 64)}"
    headers = {**VERSION, "Upload-Length": "3", "Upload-Metadata": pairs}
    address = site.client.post(TUS, headers=headers).headers["Location"]
    answer = site.client.patch(address, data=b"abc", headers={**PART, "Upload-Offset": "0"})
    problem(answer, 460, "wrong-checksum")
    problem(site.client.get(address), 404, "not-found")
    assert [path for path in site.paths.uploads.rglob("*") if path.is_file() and path.name != ".lock"] == []


def test_the_same_content_is_kept_once_however_it_came(site: Site) -> None:
    """By PUT and in parts, the same bytes have one id and lie on the disk once; parts leave none."""
    put = body(site.client.put("/api/v1/uploads/a.csv", data=b"same"), 201)
    answer = site.client.post(TUS, data=b"same", headers={**PART, "Upload-Length": "4"})
    assert (answer.status_code, answer.headers["Lmsvc-Upload"]) == (201, put["id"])
    kept = [path.name for path in site.paths.uploads.rglob("*") if path.is_file()]
    assert sorted(kept) == sorted([".lock", "about.json", put["sha256"]])


def test_an_empty_file_is_whole_when_it_begins(site: Site) -> None:
    """No part is needed for no bytes."""
    answer = site.client.post(TUS, headers={**VERSION, "Upload-Length": "0"})
    assert (answer.status_code, answer.headers["Lmsvc-Upload"]) == (201, hashlib.sha256().hexdigest()[:32])


def test_expired_uploads_are_gone(tmp_path: Path) -> None:
    """One for which nothing came for the time allowed is not found, goes on no more, and counts no more."""
    site = Site.make(tmp_path / "data", limits={"unfinished_hours": 0.5 / 3600})
    headers = {**VERSION, "Upload-Length": "10"}
    address = site.client.post(TUS, headers=headers).headers["Location"]
    assert site.client.get(address).status_code == 200
    time.sleep(0.6)
    problem(site.client.get(address), 404, "not-found")
    problem(site.client.patch(address, data=b"12345", headers={**PART, "Upload-Offset": "0"}), 404, "not-found")
    assert site.client.get(TUS).get_json()["transfers"] == []
    site.store.close()


def test_an_upload_that_is_given_up_is_gone(site: Site) -> None:
    """After DELETE there is neither the upload nor what had arrived."""
    address = site.client.post(TUS, data=b"12345", headers={**PART, "Upload-Length": "10"}).headers["Location"]
    assert site.client.delete(address, headers=VERSION).status_code == 204
    problem(site.client.get(address), 404, "not-found")
    assert list(site.paths.transfers.iterdir()) == []


def test_clients_without_patch_can_say_so(site: Site) -> None:
    """POST with X-HTTP-Method-Override does what the header says; other methods are refused."""
    address = site.client.post(TUS, headers={**VERSION, "Upload-Length": "5"}).headers["Location"]
    patch = {**PART, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert site.client.post(address, data=b"12345", headers=patch).status_code == 204
    assert site.client.post(address, headers={**VERSION, "X-HTTP-Method-Override": "DELETE"}).status_code == 204
    problem(site.client.post(address, headers={**VERSION, "X-HTTP-Method-Override": "PUT"}), 405, "method-not-allowed")


@pytest.mark.parametrize(
    ("changes", "status", "name"),
    [
        ({"Tus-Resumable": "0.2.2"}, 412, "unsupported-version"),
        ({"Upload-Offset": "3"}, 409, "wrong-offset"),
        ({"Upload-Offset": "-1"}, 400, "invalid-query"),
        ({"Content-Type": "text/plain"}, 415, "unsupported-media-type"),
        ({"Upload-Checksum": "crc32 AAAA"}, 400, "invalid-query"),
        ({"Upload-Checksum": "sha1 !"}, 400, "invalid-query"),
        ({"Upload-Length": "4"}, 413, "too-large"),
    ],
)
def test_parts_that_do_not_fit_are_refused(site: Site, changes: dict[str, str], status: int, name: str) -> None:
    """Each reason has its status; nothing of the part is kept, and every answer tells the protocol's version."""
    size = changes.get("Upload-Length", "10")
    address = site.client.post(TUS, headers={**VERSION, "Upload-Length": size}).headers["Location"]
    answer = site.client.patch(address, data=b"12345", headers={**PART, "Upload-Offset": "0", **changes})
    problem(answer, status, name)
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert (answer.headers.get("Tus-Version") == "1.0.0") == (status == 412)
    assert site.client.head(address, headers=VERSION).headers["Upload-Offset"] == "0"


@pytest.mark.parametrize(
    ("headers", "status", "name"),
    [
        ({}, 400, "invalid-query"),
        ({"Upload-Length": "9" * 20}, 400, "invalid-query"),
        ({"Upload-Length": "5000000000"}, 413, "too-large"),
        ({"Upload-Length": "5", "Upload-Metadata": "filename ä"}, 400, "invalid-query"),
        ({"Upload-Length": "5", "Upload-Metadata": f"filename {encoded(b'../x')}"}, 400, "invalid-name"),
        ({"Upload-Length": "5", "Upload-Metadata": f"sha256 {encoded(b'x')}"}, 400, "invalid-query"),
    ],
)
def test_uploads_that_cannot_be_are_refused(site: Site, headers: dict[str, str], status: int, name: str) -> None:
    """Faults are found before a byte is sent, and nothing is left behind."""
    problem(site.client.post(TUS, headers={**VERSION, **headers}), status, name)
    assert not site.paths.transfers.exists()


def test_the_protocol_describes_itself(site: Site) -> None:
    """OPTIONS tells version, extensions, checksums and the largest upload."""
    headers = site.client.options(TUS).headers
    assert headers["Tus-Version"] == "1.0.0"
    assert set(headers["Tus-Extension"].split(",")) >= {"creation", "termination", "checksum", "expiration"}
    assert "sha1" in headers["Tus-Checksum-Algorithm"]
    assert headers["Tus-Max-Size"] == str(site.settings.limits.upload_bytes)


def test_slow_uploads_leave_threads_for_everybody_else(server: Server) -> None:
    """With every place for uploads taken by senders that wait, another one is told to come back, a page answers."""
    with server.client() as client:
        addresses = [begin(client, 10) for _ in range(17)]
        senders = [connected(server, address, 0, 10) for address in addresses[:16]]
        time.sleep(0.5)
        refused = send(client, addresses[16], 0, b"0123456789")
        page = client.get("/api/v1/jobs")
        for sender in senders:
            sender.close()
        assert (refused.status_code, refused.headers["Retry-After"], page.status_code) == (503, "2", 200)
        assert stands(client, addresses[16]) == 0


def test_two_senders_of_one_upload_do_not_mix(server: Server) -> None:
    """Four simultaneous sends of the whole at the same place end in one good file."""
    content = os.urandom(4_000_000)
    statuses: list[int] = []

    def whole() -> None:
        with server.client() as client:
            statuses.append(send(client, address, 0, content).status_code)

    with server.client() as client:
        address = begin(client, len(content), sha256=hashlib.sha256(content).hexdigest())
        threads = [threading.Thread(target=whole) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        offset = stands(client, address)
        if offset < len(content):
            assert send(client, address, offset, content[offset:]).status_code == 204
        assert client.get(address).json()["upload"] == hashlib.sha256(content).hexdigest()[:32]
    assert set(statuses) <= {204, 400, 409, 423}


def test_an_upload_in_parts_is_its_users(tmp_path: Path) -> None:
    """Another user neither sees it, nor adds to it, nor ends it; a token that may only read begins none."""
    site = guarded_site(tmp_path)
    ada, bob = person(site, "ada"), person(site, "bob")
    address = site.client.post(TUS, headers={**ada, **VERSION, "Upload-Length": "5"}).headers["Location"]
    assert body(site.client.get(TUS, headers=bob))["transfers"] == []
    problem(site.client.get(address, headers=bob), 404, "not-found")
    part = {**PART, "Upload-Offset": "0"}
    problem(site.client.patch(address, data=b"12345", headers={**bob, **part}), 404, "not-found")
    problem(site.client.delete(address, headers={**bob, **VERSION}), 404, "not-found")
    reader = person(site, "eve", scopes=["read"])
    problem(site.client.post(TUS, headers={**reader, **VERSION, "Upload-Length": "5"}), 403, "forbidden")
    done = site.client.patch(address, data=b"12345", headers={**ada, **part})
    upload = f"/api/v1/uploads/{done.headers['Lmsvc-Upload']}"
    assert (body(site.client.get(upload, headers=ada))["size"], done.status_code) == (5, 204)
    problem(site.client.get(upload, headers=bob), 404, "not-found")
    site.store.close()


def test_what_is_on_its_way_counts_to_what_a_user_may_have(tmp_path: Path) -> None:
    """Two uploads of 60 bytes begun at the same time are more than the 100 bytes allowed: the second is refused."""
    site = guarded_site(tmp_path)
    ada = {**person(site, "ada", quota=Quota(bytes=100)), **VERSION, "Upload-Length": "60"}
    address = site.client.post(TUS, headers=ada).headers["Location"]
    problem(site.client.post(TUS, headers=ada), 403, "quota-exceeded")
    site.client.delete(address, headers=ada)
    assert site.client.post(TUS, headers=ada).status_code == 201
    site.store.close()
