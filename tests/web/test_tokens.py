"""A service with a token: who has it and who has not."""

import base64
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from lmsvc.web.api import OPERATIONS
from lmsvc.web.openapi import document
from tests.web.asking import body, problem
from tests.web.server import Server
from tests.web.site import Site

PUBLIC = ["/shared/{secret}", "/healthz", "/static/{name}", "/sign-in", "/sign-in"]
TOKEN = "a-token-of-the-tests-0123456789"
UNBOUND = {"user_per_second": 0, "address_per_second": 0, "failures_per_minute": 0}
BEARER = {"Authorization": f"Bearer {TOKEN}"}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    ignored_auth,
]
FEW = settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)

schema = schemathesis.openapi.from_dict(document(OPERATIONS, tokens=True))


def basic(user: str, password: str) -> dict[str, str]:
    """Return the header a browser sends for a user name and a password."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    """Give a file with a token."""
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    return path


@pytest.fixture
def guarded(tmp_path: Path, token_file: Path) -> Iterator[Site]:
    """Give a web service that asks for a token."""
    made = Site.make(tmp_path / "data", token_file=token_file)
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Give a web service that asks for a token, which tests share, and for which no requests come too fast."""
    root = tmp_path_factory.mktemp("patient")
    (root / "token").write_text(TOKEN)
    made = Site.make(root / "data", token_file=root / "token", rates=UNBOUND)
    yield made
    made.store.close()


def addresses() -> list[tuple[str, str]]:
    """Return a method and an address for each operation, besides those that need no token."""
    given = {"job_id": "abcdefgh23", "upload": "0" * 32, "path": "say/text/out.txt", "name": "echo_text"}
    given |= {"transfer": "0" * 32, "user": "ada", "token": "abcdefgh", "step": "say"}
    return [(each.method, each.path.format(**given)) for each in OPERATIONS if not each.public]


@pytest.mark.parametrize(("method", "path"), [*addresses(), ("GET", "/nothing"), ("OPTIONS", "/"), ("PUT", "/healthz")])
def test_nothing_is_told_without_the_token(patient: Site, method: str, path: str) -> None:
    """Each operation, and each address that is none, gets 401 with what to do, whatever it would have answered."""
    response = patient.client.open(path, method=method, data=b"{}")
    told = problem(response, 401, "unauthorized")
    assert "Authorization: Bearer" in told["detail"]
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="lmsvc"'


@pytest.mark.parametrize(("method", "path"), addresses())
def test_the_token_opens_everything(patient: Site, method: str, path: str) -> None:
    """With the token no operation answers 401."""
    assert patient.client.open(path, method=method, data=b"{}", headers=BEARER).status_code != 401


@pytest.mark.parametrize("path", ["/healthz", "/static/style.css", "/static/icon.svg"])
def test_health_and_style_need_no_token(guarded: Site, path: str) -> None:
    """That the service lives, and the files its pages are made with, are no secret."""
    assert guarded.client.get(path).status_code == 200


@pytest.mark.parametrize("headers", [BEARER, basic("", TOKEN), basic("anybody", TOKEN), basic("Ada:", TOKEN)])
def test_programs_send_bearer_or_basic(guarded: Site, headers: dict[str, str]) -> None:
    """Both kinds of header are read; the user name does not matter, but a colon ends it."""
    expected = 401 if headers == basic("Ada:", TOKEN) else 200
    assert guarded.client.get("/api/v1/jobs", headers=headers).status_code == expected


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN.upper()}",
        f"Digest {TOKEN}",
        TOKEN,
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(TOKEN.encode()).decode(),
        "Basic " + base64.b64encode(f"{TOKEN}:".encode()).decode(),
        "Basic " + base64.b64encode(b"user:\xff\xfe").decode(),
        "Bearer \xe4",
    ],
)
def test_anything_else_is_refused(patient: Site, header: str) -> None:
    """Parts of the token, more than it, other schemes and broken headers get 401, never 500."""
    response = patient.client.get("/api/v1/jobs", headers={"Authorization": header})
    problem(response, 401, "unauthorized")
    assert TOKEN not in response.get_data(as_text=True)


def test_a_browser_is_led_to_the_page_to_sign_in(guarded: Site) -> None:
    """Outside the API a browser is sent to a page of our own instead of asking by itself."""
    response = guarded.client.get("/", headers={"Accept": "text/html"})
    assert (response.status_code, response.headers["Location"]) == (303, "/sign-in?next=/")
    assert "WWW-Authenticate" not in response.headers


def test_a_changed_token_holds_at_once(guarded: Site, token_file: Path) -> None:
    """After the file has changed the new token is good and the old one is not, without a restart."""
    assert guarded.client.get("/api/v1/jobs", headers=BEARER).status_code == 200
    fresh = token_file.with_name("fresh")
    fresh.write_text("another")
    fresh.replace(token_file)
    assert guarded.client.get("/api/v1/jobs", headers=BEARER).status_code == 401
    assert guarded.client.get("/api/v1/jobs", headers={"Authorization": "Bearer another"}).status_code == 200


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe"])
def test_without_a_usable_token_nobody_is_let_in(guarded: Site, token_file: Path, content: bytes | None) -> None:
    """While the file is absent, empty or no text, every token is refused with 503, an empty one too."""
    token_file.unlink()
    if content is not None:
        token_file.write_bytes(content)
    for sent in ({"Authorization": "Bearer "}, BEARER, basic("", "")):
        assert guarded.client.get("/api/v1/jobs", headers=sent).status_code in (401, 503)
    problem(guarded.client.get("/api/v1/jobs", headers=BEARER), 503, "unavailable")
    for path in ("/healthz", "/static/style.css"):
        assert guarded.client.get(path, headers=BEARER).status_code == 200


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_a_password_kept_by_a_browser_serves_no_other_site(guarded: Site, headers: dict[str, str]) -> None:
    """A browser that was given a Basic password sends it for other sites' forms as well: these are refused."""
    job_id = guarded.queued()
    asked = {**basic("ada", TOKEN), **headers}
    for path in (f"/jobs/{job_id}/cancel", f"/api/v1/jobs/{job_id}/cancel", "/api/v1/jobs"):
        problem(guarded.client.post(path, headers=asked), 403, "cross-site")
    head = guarded.store.head(job_id)
    assert head is not None
    assert head.state == "queued"


def test_the_service_says_that_it_wants_a_token(guarded: Site, site: Site) -> None:
    """The OpenAPI document has the schemes and a 401 where tokens are asked for, and neither where they are not."""
    described = body(guarded.client.get("/openapi.json", headers=BEARER))
    assert set(described["components"]["securitySchemes"]) == {"bearer", "basic"}
    assert described["security"] == [{"bearer": []}, {"basic": []}]
    public = [path for path, methods in described["paths"].items() for it in methods.values() if "security" in it]
    assert public == PUBLIC
    assert "401" in described["paths"]["/metrics"]["get"]["responses"]
    open_to_all = body(site.client.get("/openapi.json"))
    assert "security" not in open_to_all
    assert "401" not in open_to_all["paths"]["/metrics"]["get"]["responses"]


@pytest.fixture(scope="module")
def guarded_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a gunicorn process that asks for a token."""
    root = tmp_path_factory.mktemp("guarded")
    (root / "token").write_text(TOKEN)
    with Server.start(root / "data", LMSVC_TOKEN_FILE=str(root / "token"), LMSVC_RATES=json.dumps(UNBOUND)) as server:
        yield server


@schema.exclude(path="/readyz").parametrize()
@FEW
def test_generated_requests_show_that_the_token_is_asked_for(
    case: schemathesis.Case[Any], guarded_server: Server
) -> None:
    """Schemathesis sends each request with, without and with a wrong token: the document tells what comes of it."""
    case.call_and_validate(base_url=guarded_server.url, checks=CHECKS, headers=BEARER)


def test_an_upload_without_the_token_is_not_kept(guarded_server: Server) -> None:
    """A client that sends five megabytes without a token reads the refusal; nothing of them stays on the disk."""
    content = os.urandom(5_000_000)
    place = guarded_server.site.paths.upload(hashlib.sha256(content).hexdigest())
    with guarded_server.client() as client:
        assert client.put("/api/v1/uploads/a.bin", content=content).status_code == 401
        assert not place.exists()
        assert not list((guarded_server.site.paths.uploads / "incoming").glob("*"))
        assert client.put("/api/v1/uploads/a.bin", content=content, headers=BEARER).status_code == 201
    assert place.exists()
