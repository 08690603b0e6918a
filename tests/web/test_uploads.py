"""Uploads over real connections: whole or not at all."""

import hashlib
import os
import threading
from pathlib import Path
from urllib.parse import quote

import pytest

from lmsvc.web.file_names import name_fault
from tests.web.asking import body, problem
from tests.web.server import Server
from tests.web.site import Site


def _kept(site: Site) -> list[str]:
    return [path.name for path in site.paths.uploads.rglob("*") if path.is_file() and path.name != ".lock"]


def test_upload_keeps_content_name_and_checksum(server: Server) -> None:
    """A file of several megabytes comes back as its id, size and sha256, and lies on disk as sent."""
    content = os.urandom(5_000_000)
    with server.client() as client:
        answer = client.put("/api/v1/uploads/" + quote("Heuchera alba ä 2026.csv"), content=content)
        assert answer.status_code == 201
        stored = answer.json()
        again = client.get(answer.headers["Location"]).json()
    assert stored == again
    assert stored["sha256"] == hashlib.sha256(content).hexdigest()
    assert stored["id"] == stored["sha256"][:32]
    assert (stored["name"], stored["size"]) == ("Heuchera alba ä 2026.csv", len(content))
    assert server.site.paths.upload(stored["sha256"]).read_bytes() == content


def test_chunked_upload_needs_no_length(server: Server) -> None:
    """A body sent in chunks of unknown total length is stored like any other."""
    with server.client() as client:
        answer = client.put("/api/v1/uploads/x.csv", content=iter([b"a,b\n", b"1,2\n"]))
    assert answer.status_code == 201
    assert answer.json()["size"] == 8


def test_same_content_has_one_id_whatever_its_name(site: Site) -> None:
    """The same bytes under another name are answered with the first upload and stored once."""
    first = body(site.client.put("/api/v1/uploads/a.csv", data=b"same"), 201)
    second = body(site.client.put("/api/v1/uploads/b.csv", data=b"same"), 200)
    assert first == second
    assert len(_kept(site)) == 1


def test_empty_file_can_be_uploaded(site: Site) -> None:
    """A file of no bytes is a file."""
    assert body(site.client.put("/api/v1/uploads/empty", data=b""), 201)["size"] == 0


def test_uploads_of_the_same_content_at_once_agree(server: Server) -> None:
    """Eight simultaneous uploads of one content all succeed and leave one file."""
    answers: list[int] = []

    def put(number: int) -> None:
        with server.client() as client:
            answers.append(client.put(f"/api/v1/uploads/f{number}", content=b"x" * 300_000).status_code)

    threads = [threading.Thread(target=put, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] * 7 + [201]
    assert _kept(server.site).count(hashlib.sha256(b"x" * 300_000).hexdigest()) == 1


def test_truncated_upload_is_refused_and_leaves_nothing(server: Server) -> None:
    """A connection that ends before Content-Length bytes gets 400, and no file stays."""
    before = _kept(server.site)
    head = b"PUT /api/v1/uploads/x.csv HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
    answer = server.raw(head + b"y" * 400_000)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"urn:lmsvc:truncated-upload" in answer
    assert _kept(server.site) == before


def test_truncated_chunked_upload_is_refused_and_leaves_nothing(server: Server) -> None:
    """A chunked body without its last chunk gets 400, and no file stays."""
    before = _kept(server.site)
    head = b"PUT /api/v1/uploads/x.csv HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = server.raw(head + b"5\r\nhello\r\n6\r\nwor")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"urn:lmsvc:truncated-upload" in answer
    assert _kept(server.site) == before


@pytest.mark.parametrize(
    "name",
    ["..", ".", "a/b", "../x", "a\\b", "a\nb", "a\0b", "\u202egpj.exe", " a", "a ", "x" * 256, "ä" * 128, "\ufffd"],
)
def test_bad_names_are_refused(site: Site, name: str) -> None:
    """Names that are paths, too long, or not plain text get 400 and a sentence that says why."""
    assert name_fault(name)
    problem(site.client.put("/api/v1/uploads/" + quote(name, safe=""), data=b"x"), 400, "invalid-name")
    assert _kept(site) == []


@pytest.mark.parametrize("name", ["a.csv", "Heuchera 'x' $(id); rm.csv", "日本.csv", "-rf", ".hidden", "ä" * 127])
def test_unusual_names_are_kept_as_they_are(site: Site, name: str) -> None:
    """Spaces, quotes, shell characters and other scripts are all fine in a name."""
    answer = site.client.put("/api/v1/uploads/" + quote(name, safe=""), data=name.encode())
    assert body(answer, 201)["name"] == name


def test_name_that_is_not_utf8_is_refused(site: Site) -> None:
    """Bytes that are no UTF-8 in the path get 400."""
    problem(site.client.put("/api/v1/uploads/%ff%fe.csv", data=b"x"), 400, "invalid-name")


def test_upload_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    """A body longer than the limit gets 413, whether its length was announced or not."""
    with Server.start(tmp_path / "data", LMSVC_LIMITS='{"upload_bytes": 100000}') as server, server.client() as client:
        announced = client.put("/api/v1/uploads/x", content=b"x" * 3_000_000)
        chunked = client.put("/api/v1/uploads/x", content=iter([b"x" * 100_000, b"x"]))
        fitting = client.put("/api/v1/uploads/x", content=b"x" * 100_000)
    assert (announced.status_code, chunked.status_code, fitting.status_code) == (413, 413, 201)
    assert announced.json()["type"] == chunked.json()["type"] == "urn:lmsvc:too-large"


def test_upload_that_would_eat_the_reserve_is_refused(tmp_path: Path) -> None:
    """Where free disk less the upload is below the reserve, the answer is 507 and nothing is stored."""
    site = Site.make(tmp_path / "data", limits={"reserve_mb": 10**9})
    problem(site.client.put("/api/v1/uploads/x", data=b"x"), 507, "no-space")
    assert _kept(site) == []
    site.store.close()


def test_deleted_upload_is_gone(site: Site) -> None:
    """After DELETE neither the row nor the file is there; a second DELETE is 404."""
    upload = body(site.client.put("/api/v1/uploads/a.csv", data=b"x"), 201)
    address = f"/api/v1/uploads/{upload['id']}"
    assert site.client.delete(address).status_code == 204
    assert _kept(site) == []
    problem(site.client.get(address), 404, "not-found")
    problem(site.client.delete(address), 404, "not-found")


def test_upload_a_job_needs_cannot_be_deleted(site: Site) -> None:
    """While a job that uses it is not over, DELETE gets 409 and the file stays."""
    upload = body(site.client.put("/api/v1/uploads/a.txt", data=b"x"), 201)
    document = {
        "name": "concatenation",
        "inputs": {"points": {"upload": upload["id"]}},
        "steps": {
            "clean": {"run": "split_occurrence_data", "in": {"occurrences": "inputs/points"}},
        },
        "outputs": ["clean/species"],
    }
    body(site.submit(document), 202)
    problem(site.client.delete(f"/api/v1/uploads/{upload['id']}"), 409, "wrong-state")
    assert len(_kept(site)) == 1
