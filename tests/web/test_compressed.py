"""Files of the pages are sent compressed to those who can read that; what holds secrets never is."""

import gzip

import pytest

from lmsvc.web.pages import static
from tests.web.people import HTML
from tests.web.site import Site

GZIP = {"Accept-Encoding": "br, gzip;q=0.5"}


@pytest.mark.parametrize("accepted", [None, "identity", "br", "gzip;q=0", "*;q=0"])
def test_who_cannot_read_it_gets_the_file_as_it_is(site: Site, accepted: str | None) -> None:
    """The file is plain, and caches on the way learn that there is another form of it."""
    headers = {} if accepted is None else {"Accept-Encoding": accepted}
    answer = site.client.get("/static/style.css", headers=headers)
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.data == (static.STATIC / "style.css").read_bytes()


def test_who_can_read_it_gets_it_small(site: Site) -> None:
    """It is less than half as long, unpacks to the file, and is kept as long as the file."""
    plain = site.client.get("/static/style.css")
    packed = site.client.get("/static/style.css", headers=GZIP)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    print(f"{len(plain.data)} bytes are {len(packed.data)}")
    assert len(packed.data) < len(plain.data) / 2
    for name in ("Content-Type", "Cache-Control", "Vary", "Content-Security-Policy"):
        assert packed.headers[name] == plain.headers[name]


def test_small_files_are_left(site: Site) -> None:
    """Of a file shorter than the head of the answer nothing would be won."""
    assert "Content-Encoding" not in site.client.get("/static/icon.svg", headers=GZIP).headers


@pytest.mark.parametrize("path", ["/", "/new/document", "/account", "/api/v1/jobs", "/api/v1/me"])
def test_what_may_hold_secrets_is_not_compressed(site: Site, path: str) -> None:
    """Pages carry the secret of their forms, and answers may carry tokens: their length tells nothing of either."""
    assert "Content-Encoding" not in site.client.get(path, headers={**GZIP, **HTML}).headers
