"""Behind nginx: it ends TLS, sends the files itself, and holds nothing back."""

import hashlib
import os
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import psutil
import pytest

from lmsvc.client import Client, Event
from lmsvc.jobs.states import JobState
from lmsvc.ports import free_ports
from tests.client.relay import Relay
from tests.web import certificates
from tests.web.certificates import Certificates
from tests.web.proxy import PREFIX, nginx
from tests.web.server import Server
from tests.web.site import Site

TOKEN = "a-token-of-the-tests"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
ODD_PATH = "say/text/50% Höhe? #1 & more.txt"
MEGABYTE = 1_000_000


class Behind:
    """A web service, the address of its proxy, and how to trust that."""

    def __init__(self, server: Server, url: str, made: Certificates) -> None:
        """Keep them."""
        self.server, self.url, self.made = server, url, made

    @property
    def site(self) -> Site:
        """Return the service's files."""
        return self.server.site

    def http(self) -> httpx.Client:
        """Return an HTTP client for the proxy."""
        return httpx.Client(base_url=self.url, headers=BEARER, timeout=60.0, trust_env=False, verify=self.made.trust)


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    """Give a service with token and proxy, as on a cluster."""
    root = tmp_path_factory.mktemp("proxy")
    (root / "token").write_text(TOKEN)
    made = certificates.make(root)
    settings = {"LMSVC_TOKEN_FILE": str(root / "token"), "LMSVC_ACCEL_PREFIX": PREFIX}
    with Server.start(root / "data", **settings) as server, nginx(root, server.url, root / "data", made) as url:
        yield Behind(server, url, made)


def test_an_upload_is_on_its_way_to_the_disk_while_it_is_sent(behind: Behind) -> None:
    """Of 50 MB the first half has reached the service before the second half is sent: nothing collects it between."""
    content, seen = os.urandom(50 * MEGABYTE), list[int]()

    def pieces() -> Iterator[bytes]:
        yield content[: 25 * MEGABYTE]
        for _ in range(100):
            arrived = sum(path.stat().st_size for path in behind.site.paths.uploads.glob("incoming/*"))
            if arrived > 20 * MEGABYTE:
                break
            time.sleep(0.05)
        seen.append(arrived)
        yield content[25 * MEGABYTE :]

    with behind.http() as client:
        answer = client.put("/api/v1/uploads/big.bin", content=pieces(), headers={"Content-Length": str(len(content))})
    assert answer.status_code == 201, answer.text
    assert answer.json()["sha256"] == hashlib.sha256(content).hexdigest()
    assert seen[0] > 20 * MEGABYTE


def test_the_proxy_sends_the_package_and_its_ranges(behind: Behind) -> None:
    """Whole, in two ranges tied by the ETag, and as a head: the same bytes and headers as without a proxy."""
    content, job_id = os.urandom(3 * MEGABYTE), behind.site.ended()
    behind.site.package(job_id, content)
    address = f"/api/v1/jobs/{job_id}/package"
    with behind.http() as client:
        whole, head = client.get(address), client.head(address)
        first = client.get(address, headers={"Range": "bytes=0-999999"})
        rest = client.get(address, headers={"Range": "bytes=1000000-", "If-Range": first.headers["ETag"]})
        other = client.get(address, headers={"Range": "bytes=1000000-", "If-Range": '"other"'})
        known = client.get(address, headers={"If-None-Match": whole.headers["ETag"]})
        outside = client.get(address, headers={"Range": "bytes=3000000-"})
    assert [answer.status_code for answer in (whole, head, first, rest, other, known)] == [200, 200, 206, 206, 200, 304]
    assert whole.content == first.content + rest.content == other.content == content
    assert rest.headers["Content-Range"] == "bytes 1000000-2999999/3000000"
    assert outside.status_code == 416
    assert outside.headers["Content-Type"] == "application/problem+json"
    assert head.headers["Content-Length"] == "3000000"
    assert "X-Accel-Redirect" not in whole.headers


def test_several_ranges_are_answered_by_the_whole_file(behind: Behind) -> None:
    """As without a proxy: no request makes a small file into a large answer."""
    job_id = behind.site.ended()
    behind.site.package(job_id, b"0123456789")
    with behind.http() as client:
        answer = client.get(f"/api/v1/jobs/{job_id}/package", headers={"Range": "bytes=0-1,4-5"})
    assert (answer.status_code, answer.content) == (200, b"0123456789")


class Naming(BaseHTTPRequestHandler):
    """A web service that names the file of its path, whatever that is."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(200)
        self.send_header("X-Accel-Redirect", PREFIX.rstrip("/") + self.path)
        self.end_headers()


def test_links_are_not_followed(tmp_path: Path) -> None:
    """Neither a file nor a directory that became a link after the service looked leads out of the data directory."""
    data = tmp_path / "data"
    for directory in (data / "inside", tmp_path / "outside"):
        directory.mkdir(parents=True)
        (directory / "file").write_text("text")
    (data / "link").symlink_to(tmp_path / "outside" / "file")
    (data / "way").symlink_to(tmp_path / "outside")
    made = certificates.make(tmp_path)
    with HTTPServer(("127.0.0.1", 0), Naming) as service:
        threading.Thread(target=service.serve_forever, daemon=True).start()
        upstream = f"http://127.0.0.1:{service.server_port}"
        with nginx(tmp_path, upstream, data, made) as url, httpx.Client(verify=made.trust, trust_env=False) as client:
            codes = [client.get(f"{url}/{path}").status_code for path in ("inside/file", "link", "way/file")]
        service.shutdown()
    assert codes == [200, 403, 404]


def test_headers_are_those_of_the_service(behind: Behind) -> None:
    """Type, name, checksum and what protects a browser come through the proxy unchanged, once each."""
    job_id = behind.site.ended()
    file = behind.site.output(job_id, ODD_PATH, b"0123456789")
    with behind.http() as client:
        address = client.get(f"/api/v1/jobs/{job_id}/outputs").json()["outputs"][0]["href"]
        answer = client.get(address)
    assert answer.content == b"0123456789"
    assert answer.headers.get_list("ETag") == [f'"{file.sha256}"']
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers.get_list("X-Content-Type-Options") == ["nosniff"]
    assert answer.headers["Cache-Control"] == "private, no-cache"


def test_files_that_lie_in_the_package_alone_are_sent(behind: Behind) -> None:
    """A published file that nobody asked for before is unpacked, and then sent by the proxy."""
    job_id = behind.site.ended()
    file = behind.site.output(job_id, ODD_PATH, b"0123456789")
    (behind.site.paths.job(job_id).outputs / ODD_PATH).unlink()
    with zipfile.ZipFile(behind.site.paths.job(job_id).package, "w") as archive:
        archive.writestr(f"outputs/{ODD_PATH}", b"0123456789")
    with behind.http() as client:
        address = client.get(f"/api/v1/jobs/{job_id}/outputs").json()["outputs"][0]["href"]
        answer = client.get(address, headers={"Range": "bytes=2-3"})
    assert (answer.status_code, answer.content, answer.headers["ETag"]) == (206, b"23", f'"{file.sha256}"')


def test_the_service_itself_sends_no_byte(behind: Behind) -> None:
    """Asked without the proxy it names the file, quoted so that nginx understands it, and sends an empty body."""
    job_id = behind.site.ended()
    behind.site.output(job_id, ODD_PATH, b"0123456789")
    with behind.server.client() as client:
        address = client.get(f"/api/v1/jobs/{job_id}/outputs", headers=BEARER).json()["outputs"][0]["href"]
        answer = client.get(address, headers=BEARER)
    quoted = "say/text/50%25%20H%C3%B6he%3F%20%231%20%26%20more.txt"
    assert answer.headers["X-Accel-Redirect"] == f"{PREFIX}jobs/{job_id}/outputs/{quoted}"
    assert answer.content == b""


@pytest.mark.parametrize("path", ["lmsvc.sqlite3", "web.log", "", "../token", "jobs/"])
def test_nobody_asks_the_proxy_for_files_directly(behind: Behind, path: str) -> None:
    """The place of the files cannot be reached by its address, even with the token."""
    with behind.http() as client:
        assert client.get(PREFIX + path).status_code == 404


def test_the_token_is_asked_for_through_the_proxy(behind: Behind) -> None:
    """Without it there is neither file nor page, and the answer says what to send."""
    job_id = behind.site.ended()
    behind.site.package(job_id, b"x")
    with httpx.Client(base_url=behind.url, trust_env=False, verify=behind.made.trust) as client:
        for path in ("/", f"/api/v1/jobs/{job_id}/package"):
            answer = client.get(path)
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert client.get("/healthz").status_code == 200


def test_events_are_not_held_back(behind: Behind) -> None:
    """What happens to a job is told through the proxy at once."""
    job_id = behind.site.queued()
    cancel = threading.Timer(0.5, behind.site.client.post, (f"/api/v1/jobs/{job_id}/cancel",))
    begin = time.monotonic()
    with behind.http() as client, client.stream("GET", f"/api/v1/jobs/{job_id}/events") as response:
        lines = response.iter_lines()
        while not next(lines).startswith("event: status"):
            pass
        told = time.monotonic() - begin
        cancel.start()
        assert any(line == "event: end" for line in lines)
    cancel.join()
    print(f"first status after {told:.2f} s, end after {time.monotonic() - begin:.2f} s")
    assert told < 0.5


def test_events_survive_a_web_service_that_is_killed(behind: Behind) -> None:
    """Who follows through the proxy gets each event once, also those that came while the service was away."""
    site, seen = behind.site, list[Event]()
    job_id = site.running()

    def follow() -> None:
        with Client(behind.url, token=TOKEN, ca_file=behind.made.ca) as client:
            seen.extend(client.follow(job_id))

    following = threading.Thread(target=follow)
    following.start()
    for number in range(6):
        time.sleep(0.3)
        if number == 3:
            (worker,) = psutil.Process(behind.server.pid).children()
            worker.kill()
        site.store.append_event(job_id, "note", {"number": number}, time.time())
    site.store.transition(job_id, JobState.SUCCEEDED, time.time(), expected=JobState.RUNNING, owner="tests")
    following.join(60)
    numbers = [event.id for event in seen if event.id is not None]
    assert numbers == list(range(1, len(numbers) + 1))
    assert [event.data["number"] for event in seen if event.kind == "note"] == list(range(6))
    assert seen[-1].kind == "end"


def test_a_large_file_goes_on_through_the_proxy(behind: Behind, tmp_path: Path) -> None:
    """With its connection to the proxy broken on the way, an upload in parts arrives whole and a download as well."""
    (tmp_path / "a.tif").write_bytes(os.urandom(20 * MEGABYTE))
    with Relay.over(behind.url, most=12 * MEGABYTE) as relay:
        there = relay.url.replace("http:", "https:")
        with Client(there, token=TOKEN, ca_file=behind.made.ca) as client:
            stored = client.upload(tmp_path / "a.tif")
            job_id = behind.site.ended()
            behind.site.package(job_id, behind.site.paths.upload(stored["sha256"]).read_bytes())
            client.download_package(job_id, tmp_path / "b.tif")
    assert (tmp_path / "b.tif").read_bytes() == (tmp_path / "a.tif").read_bytes()
    assert relay.sent < 24 * MEGABYTE
    assert relay.received < 24 * MEGABYTE


def test_forms_of_own_pages_work_under_the_address_of_the_proxy(behind: Behind) -> None:
    """A form's origin is the proxy's address; one with another host or port is refused."""
    job_id = behind.site.queued()
    with behind.http() as client:
        other = client.post(f"/jobs/{job_id}/cancel", headers={"Origin": "https://127.0.0.1:1"})
        forged = client.post(
            f"/jobs/{job_id}/cancel", headers={"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example"}
        )
        own = client.post(f"/jobs/{job_id}/cancel", headers={"Origin": behind.url})
    assert (other.status_code, forged.status_code, own.status_code) == (403, 403, 303)
    assert own.headers["Location"] == f"/jobs/{job_id}"


def encoding(behind: Behind, path: str, accept: str = "application/json") -> str | None:
    """Return how the proxy packed an answer for a client that reads gzip."""
    with behind.http() as client:
        answer = client.get(path, headers={"Accept-Encoding": "gzip", "Accept": accept})
    assert answer.status_code == 200, answer.text
    return str(answer.headers["Content-Encoding"]) if "Content-Encoding" in answer.headers else None


def test_long_answers_are_packed_on_the_way(behind: Behind) -> None:
    """Lists and descriptions in JSON are, and the proxy passes on what the service has packed itself."""
    for _ in range(20):
        behind.site.queued()
    for path in ("/api/v1/jobs", "/api/v1/tools", "/api/v1/workflows", "/openapi.json", "/static/style.css"):
        assert encoding(behind, path) == "gzip", path


def test_answers_with_secrets_are_not_packed(behind: Behind) -> None:
    """Pages with forms, what tells of users and tokens, links that share a job: their length tells nothing."""
    job = behind.site.ended()
    with behind.http() as client:
        assert client.post(f"/api/v1/jobs/{job}/share").status_code == 201
    for path in ("/api/v1/me", "/api/v1/users", f"/api/v1/jobs/{job}/share"):
        assert encoding(behind, path) is None, path
    for path in ("/", "/new", "/new/richness", f"/jobs/{job}", "/tools"):
        assert encoding(behind, path, "text/html") is None, path


def test_a_packed_answer_is_known_again(behind: Behind) -> None:
    """The tag of a packed answer is good for asking whether it changed."""
    with behind.http() as client:
        packed = {"Accept-Encoding": "gzip"}
        first = client.get("/api/v1/tools", headers=packed)
        assert first.headers["Content-Encoding"] == "gzip"
        again = client.get("/api/v1/tools", headers={**packed, "If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


def test_streams_are_not_held_back_by_packing(behind: Behind) -> None:
    """Events pass as they come to a client that reads gzip, unpacked."""
    address = f"/api/v1/jobs/{behind.site.queued()}/events"
    with behind.http() as client, client.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as stream:
        assert "Content-Encoding" not in stream.headers
        begin = time.monotonic()
        assert any(line.startswith("event: status") for line in stream.iter_lines())
    assert time.monotonic() - begin < 5


@pytest.mark.parametrize(("accept", "said"), [("text/html,*/*;q=0.8", "Your jobs go on"), ("*/*", '"status": 503')])
def test_who_looks_while_the_web_service_is_away_is_told_so(tmp_path: Path, accept: str, said: str) -> None:
    """A browser gets a page, a program a problem; both are told when to come again."""
    made = certificates.make(tmp_path)
    with nginx(tmp_path, f"http://127.0.0.1:{free_ports(1)}", tmp_path, made) as url:
        for method in ("GET", "POST"):
            answer = httpx.request(
                method, f"{url}/jobs/x", headers={"Accept": accept}, verify=made.trust, trust_env=False
            )
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
            assert answer.headers["Content-Type"].startswith("text/html" if "html" in accept else "application/problem")
            assert said in answer.text
        for place in ("page", "problem"):
            assert httpx.get(f"{url}/-/away/{place}", verify=made.trust, trust_env=False).status_code == 404
