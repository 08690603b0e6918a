"""Downloads: whole, in ranges, and never anything but a job's own published files."""

import os
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from lmsvc.jobs.states import JobState
from lmsvc.web.files import NotAPlainFile, open_beneath
from tests.web.asking import body, problem
from tests.web.server import Server
from tests.web.site import Site

CONTENT = b"0123456789"


def _get(site: Site, path: str = "say/text/out.txt", **headers: str) -> TestResponse:
    """Download an output of a job that has just ended."""
    job_id = site.ended()
    site.output(job_id, "say/text/out.txt", CONTENT)
    asked = {name.replace("_", "-"): text for name, text in headers.items()}
    return site.client.get(f"/api/v1/jobs/{job_id}/outputs/{path}", headers=asked)


def test_outputs_are_listed_with_checksums(site: Site) -> None:
    """Each published file has path, label, size, checksums and an address; filters and pages work."""
    job_id = site.ended()
    files = [site.output(job_id, f"{step}/text/{n} ä.txt", CONTENT, f"sp {n}") for step in "ab" for n in range(3)]
    page = body(site.client.get(f"/api/v1/jobs/{job_id}/outputs?limit=4"))
    rest = body(site.client.get(f"/api/v1/jobs/{job_id}/outputs?limit=4&cursor={page['next']}"))
    listed = [*page["outputs"], *rest["outputs"]]
    assert [output["path"] for output in listed] == [file.path for file in files]
    assert (listed[0]["label"], listed[0]["size"], listed[0]["sha256"]) == ("sp 0", 10, files[0].sha256)
    response = site.client.get(listed[0]["href"])
    assert response.data == CONTENT
    response.close()
    assert len(body(site.client.get(f"/api/v1/jobs/{job_id}/outputs?step=b&output=text"))["outputs"]) == 3


def test_download_is_safe_in_a_browser(site: Site) -> None:
    """A file comes as an attachment with its name, is not sniffed, and could run nothing."""
    response = _get(site)
    assert response.data == CONTENT
    assert response.headers["Content-Disposition"] == "attachment; filename=out.txt"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert response.headers["Accept-Ranges"] == "bytes"
    response.close()


@pytest.mark.parametrize(
    ("asked", "content", "told"),
    [
        ("bytes=0-3", b"0123", "bytes 0-3/10"),
        ("bytes=4-", b"456789", "bytes 4-9/10"),
        ("bytes=-2", b"89", "bytes 8-9/10"),
        ("bytes=8-100", b"89", "bytes 8-9/10"),
    ],
)
def test_ranges(site: Site, asked: str, content: bytes, told: str) -> None:
    """One range gets 206 with exactly those bytes."""
    response = _get(site, Range=asked)
    assert (response.status_code, response.data) == (206, content)
    assert response.headers["Content-Range"] == told
    assert response.headers["Content-Length"] == str(len(content))
    response.close()


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,4-5", "bytes=x", "bytes", "lines=1-2", "bytes=5-2", "bytes=-", "bytes=-99", "\x00"]
)
def test_ranges_that_are_not_served_mean_the_whole_file(site: Site, asked: str) -> None:
    """Several ranges, other units and nonsense are ignored, as the standard allows."""
    response = _get(site, Range=asked)
    assert (response.status_code, response.data) == (200, CONTENT)
    response.close()


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=10-20", "bytes=99999999999999999999999-"])
def test_range_outside_the_file_is_refused(site: Site, asked: str) -> None:
    """A range that begins behind the end gets 416 and the size of the file."""
    response = _get(site, Range=asked)
    problem(response, 416, "range-not-satisfiable")
    assert response.headers["Content-Range"] == "bytes */10"


def test_range_of_another_version_means_the_whole_file(site: Site) -> None:
    """If-Range with another tag gets the whole file, so that no download is sewn together from two versions."""
    response = _get(site, Range="bytes=2-3", If_Range='"other"')
    assert (response.status_code, response.data) == (200, CONTENT)
    response.close()


def test_known_file_is_not_sent_again(site: Site) -> None:
    """If-None-Match with the file's checksum gets 304, also beside a range."""
    job_id = site.ended()
    file = site.output(job_id, "say/text/out.txt", CONTENT)
    headers = {"If-None-Match": f'"{file.sha256}"', "Range": "bytes=99-"}
    response = site.client.get(f"/api/v1/jobs/{job_id}/outputs/{file.path}", headers=headers)
    assert (response.status_code, response.data) == (304, b"")
    response.close()


@pytest.mark.parametrize(
    "path",
    [
        "../document.json",
        "..%2fdocument.json",
        "%2e%2e/document.json",
        "say/../../document.json",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "say/text",
        "say",
        "say/text/out.txt/",
        "say/text/out.txt%00",
        "say/text/%0a",
        "say//text/out.txt",
        "%ff%fe",
        "x" * 5000,
    ],
)
def test_only_published_files_can_be_had(site: Site, path: str) -> None:
    """Whatever way out of the directory is tried, the answer is 404."""
    problem(_get(site, path), 404, "not-found")


def test_symbolic_links_are_not_followed(site: Site, tmp_path: Path) -> None:
    """A published name that has become a link, or lies behind one, is not found."""
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "out.txt").write_bytes(b"secret")
    job_id = site.ended()
    for path in ("file/text/out.txt", "directory/text/out.txt"):
        site.output(job_id, path, CONTENT)
    outputs = site.paths.job(job_id).outputs
    (outputs / "file/text/out.txt").unlink()
    (outputs / "file/text/out.txt").symlink_to(secret / "out.txt")
    (outputs / "directory/text/out.txt").unlink()
    (outputs / "directory/text").rmdir()
    (outputs / "directory/text").symlink_to(secret)
    for path in ("file/text/out.txt", "directory/text/out.txt"):
        problem(site.client.get(f"/api/v1/jobs/{job_id}/outputs/{path}"), 404, "not-found")


def test_only_plain_files_are_opened(tmp_path: Path) -> None:
    """Directories, FIFOs, links and paths that go up are refused without blocking; plain files open."""
    (tmp_path / "d").mkdir()
    (tmp_path / "d/file").write_bytes(b"x")
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to(tmp_path / "d/file")
    for name in ("d", "fifo", "link", "d/../d/file", "/etc/passwd", "", ".", "d/file/x", "a\0b", "none"):
        with pytest.raises(NotAPlainFile):
            open_beneath(tmp_path, name)
    with open_beneath(tmp_path, "d/file") as stream:
        assert stream.read() == b"x"


def test_package_of_a_job_that_is_not_over(site: Site) -> None:
    """Before the end there is no package and a Retry-After; a failed job without one says so."""
    response = site.client.get(f"/api/v1/jobs/{site.running()}/package")
    problem(response, 404, "not-found")
    assert response.headers["Retry-After"]
    problem(site.client.get(f"/api/v1/jobs/{site.ended(JobState.FAILED)}/package"), 404, "not-found")


def test_interrupted_package_download_is_taken_up_again(server: Server) -> None:
    """A package of several megabytes comes whole in two ranges over a real connection, tied by its ETag."""
    content = os.urandom(3_000_000)
    job_id = server.site.ended()
    server.site.package(job_id, content)
    address = f"/api/v1/jobs/{job_id}/package"
    with server.client() as client:
        assert client.get(f"/api/v1/jobs/{job_id}").json()["links"]["package"] == address
        first = client.get(address, headers={"Range": "bytes=0-999999"})
        rest = client.get(address, headers={"Range": "bytes=1000000-", "If-Range": first.headers["ETag"]})
        whole = client.get(address)
        head = client.head(address)
    assert (first.status_code, rest.status_code) == (206, 206)
    assert first.content + rest.content == whole.content == content
    assert whole.headers["Content-Disposition"] == f"attachment; filename={job_id}.zip"
    assert (head.status_code, head.headers["Content-Length"]) == (200, str(len(content)))
