"""Files that come inside a form: bounded before they are kept, and counted once."""

import io
from pathlib import Path

import pytest

from lmsvc.store.accounts_records import Quota
from lmsvc.web import form_uploads, quotas
from tests.web.asking import problem
from tests.web.forms import Browser
from tests.web.people import browser, form_token, guarded_site
from tests.web.server import Server
from tests.web.site import Site

BYTES = 300_000


def send(client: Browser, size: int) -> str:
    """Send a form with a file of so many bytes; return the page that comes back."""
    client.show("/new/document")
    client.send("upload", files={"files": [("layer.tif", b"\0" * size)]})
    return client.text


def test_the_quota_is_asked_once_per_file(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many pieces a file has, the database says once what its user has."""
    asked: list[str] = []
    bounded = Quota(bytes=10 * BYTES)

    def used_bytes(user: str) -> int:
        asked.append(user)
        return site.store.upload_bytes(user)

    monkeypatch.setattr(quotas, "used_bytes", used_bytes)
    monkeypatch.setattr(quotas, "quota_of", lambda _: bounded)
    monkeypatch.setattr(form_uploads, "PIECE_BYTES", BYTES // 100)
    assert 'id="id-' in send(Browser(site.client), BYTES)
    assert asked == ["local"]


def test_a_file_of_a_form_counts_once(tmp_path: Path) -> None:
    """A file that just fits what its user may have is taken; one byte more is refused and leaves nothing."""
    site = guarded_site(tmp_path)
    client = browser(site, "ada", quota=Quota(bytes=BYTES))
    assert 'id="id-' in send(Browser(client), BYTES)
    assert site.store.upload_bytes("ada") == BYTES
    other = browser(site, "ben", quota=Quota(bytes=BYTES))
    fields = {"action": "upload", "csrf_token": form_token(other, "/new/document")}
    file = (io.BytesIO(b"\0" * (BYTES + 1)), "layer.tif")
    refused = other.post("/new/document", data={**fields, "files": file}, content_type="multipart/form-data")
    assert problem(refused, 403, "quota-exceeded")
    assert site.store.upload_bytes("ben") == 0
    assert list((site.paths.uploads / "incoming").glob("*")) == []
    site.store.close()


def test_a_form_of_unknown_length_is_not_read(server: Server) -> None:
    """In chunks without end a form could fill the disk before anybody counts; it is refused at its first byte."""
    head = b"POST /new/document HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
    head += b"Content-Type: multipart/form-data; boundary=x\r\n\r\n"
    answer = server.raw(head + b"5\r\n--x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 411")
    assert b"Content-Length" in answer


def test_a_form_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    """A form longer than any upload may be is refused by its length, before who sends it is asked."""
    site = Site.make(tmp_path / "data", limits={"upload_bytes": 1000})
    refused = site.client.post("/new/document", data=b"-" * 1001, content_type="multipart/form-data; boundary=x")
    assert problem(refused, 413, "too-large")
    site.store.close()
