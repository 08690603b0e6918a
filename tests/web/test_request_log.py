"""The log names the request and the user."""

import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from lmsvc.store.errors import StoreUnavailable
from lmsvc.web.request_log import FORMAT, RequestFacts
from tests.web.people import SITE_TOKEN, bearer, guarded_site, person
from tests.web.server import Server
from tests.web.site import Site


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Site]:
    """Give a web service with users."""
    made = guarded_site(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Give what is logged as the service writes it."""
    handler = logging.StreamHandler(io.StringIO())
    handler.addFilter(RequestFacts())
    handler.setFormatter(logging.Formatter(FORMAT))
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield handler.stream
    root.removeHandler(handler)
    root.setLevel(level)


def test_each_change_and_each_refusal_has_a_line(guarded: Site, log: io.StringIO) -> None:
    """It has the id of the answer, who asked for what, and what came of it; looking leaves none."""
    ada = person(guarded, "ada")
    guarded.client.get("/api/v1/jobs", headers=ada)
    assert log.getvalue() == ""
    answers = [guarded.client.post("/api/v1/jobs", json={}, headers=ada), guarded.client.get("/api/v1/jobs")]
    lines = log.getvalue().splitlines()
    assert [f" {answer.headers['X-Request-Id']} " in line for answer, line in zip(answers, lines, strict=True)] == [
        True
    ] * 2
    assert " ada lmsvc.web.request_log POST /api/v1/jobs 422 " in lines[0]
    assert " - lmsvc.web.request_log GET /api/v1/jobs 401 " in lines[1]


def test_what_fails_within_a_request_has_its_id(
    guarded: Site, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines of other parts of the service, written while a request is served, carry its id and user as well."""

    def fail(*_: object) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(type(guarded.store), "users", fail)
    answer = guarded.client.get("/api/v1/users", headers=bearer(SITE_TOKEN))
    about = [line for line in log.getvalue().splitlines() if f" {answer.headers['X-Request-Id']} local " in line]
    assert answer.status_code == 503
    assert any("the database is unavailable: away" in line for line in about)


def test_no_secret_is_logged(guarded: Site, log: io.StringIO) -> None:
    """Neither tokens, right or wrong, nor the secrets of share links; and a path cannot begin a line of its own."""
    for path in ("/shared/" + "s" * 43, "/api/v1/x\nINFO forged"):
        guarded.client.get(path, headers=bearer("wrong-token"))
    guarded.client.put("/api/v1/users/x y", headers=bearer(SITE_TOKEN))
    text = log.getvalue()
    assert len(text.splitlines()) == 3
    assert "/shared/<string:secret>" in text
    for secret in ("s" * 43, "wrong-token", SITE_TOKEN):
        assert secret not in text


def test_the_service_writes_its_log_so(server: Server) -> None:
    """The process that gunicorn starts logs with these facts."""
    with server.client() as client:
        number = client.post("/api/v1/jobs", json={}).headers["X-Request-Id"]
    log = (server.site.settings.data_dir / "web.log").read_text()
    assert f" INFO {number} local lmsvc.web.request_log POST /api/v1/jobs 422 " in log
