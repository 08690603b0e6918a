"""What protects visitors and the service."""

from pathlib import Path

import pytest

from tests.web.asking import problem
from tests.web.people import SITE_TOKEN, bearer, form_token, guarded_site
from tests.web.server import Server
from tests.web.site import Site


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/healthz", "/api/v1/jobs", "/nothing", "/static/style.css", "/metrics"]
)
def test_every_answer_is_protected(site: Site, path: str) -> None:
    """Pages, documents and errors alike forbid framing, sniffing, foreign content, and carry a request id."""
    headers = site.client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert len(headers["X-Request-Id"]) == 16


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://[bad"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_other_sites_cannot_change_anything(site: Site, headers: dict[str, str]) -> None:
    """A browser that acts for another site's page gets 403, and the job stays."""
    job_id = site.queued()
    for path in (f"/api/v1/jobs/{job_id}/cancel", f"/jobs/{job_id}/cancel"):
        problem(site.client.post(path, headers=headers), 403, "cross-site")
    head = site.store.head(job_id)
    assert head is not None
    assert head.state == "queued"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil", "[x]"]
)
@pytest.mark.parametrize("path", ["/", "/api/v1/jobs", "/healthz", "/static/style.css"])
def test_a_name_of_another_site_leads_nowhere(site: Site, host: str, path: str) -> None:
    """Without tokens, a name that some site let lead to this machine reads nothing, and the answer says what to do."""
    refused = problem(site.client.get(path, headers={"Host": host, "Accept": "*/*"}), 421, "wrong-host")
    assert "server_names" in refused["detail"]
    own = {"Host": host, "Origin": f"http://{host}"}
    problem(site.client.post("/api/v1/jobs", json={}, headers=own), 421, "wrong-host")


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]", "[::1]:8080", "192.0.2.7", "lm.example", "at.example:1"],
)
def test_own_names_and_addresses_are_answered(tmp_path: Path, host: str) -> None:
    """Addresses are nobody else's, and names of the settings are our own."""
    site = Site.make(tmp_path / "data", server_names=["LM.example"], public_url="https://at.example/")
    assert site.client.get("/api/v1/jobs", headers={"Host": host}).status_code == 200
    site.store.close()


def test_with_tokens_any_name_is_good(tmp_path: Path) -> None:
    """Where a token is asked for, a page of another site has none, so names need not be told."""
    site = guarded_site(tmp_path)
    headers = {"Host": "anything.example", **bearer(SITE_TOKEN)}
    assert site.client.get("/api/v1/jobs", headers=headers).status_code == 200
    site.store.close()


def test_own_pages_can_change_things(site: Site) -> None:
    """A form of the service's own page is let through."""
    headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    client, job_id = site.client, site.queued()
    fields = {"csrf_token": form_token(client, f"/jobs/{job_id}")}
    assert client.post(f"/jobs/{job_id}/cancel", data=fields, headers=headers).status_code == 303


@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "DELETE", "OPTIONS", "FOO"])
def test_methods_that_are_not_possible_are_refused(site: Site, method: str) -> None:
    """Another method gets 405, says which are possible, and is a problem document."""
    response = site.client.open("/api/v1/tools", method=method)
    assert "GET" in response.headers["Allow"]
    assert "GET" in problem(response, 405, "method-not-allowed")["detail"]


def test_failures_tell_nothing_but_a_number(site: Site) -> None:
    """A fault of the service is a 500 problem with a request id and without any inside."""

    def fail() -> str:
        raise RuntimeError("secret inside")

    site.app.add_url_rule("/api/v1/fail", "fail", fail)
    response = site.client.get("/api/v1/fail")
    problem(response, 500, "internal-error")
    assert "secret" not in response.get_data(as_text=True)


def test_absent_database_is_a_503(site: Site) -> None:
    """While the database cannot be read, the API answers 503 with Retry-After; pages do so as pages."""
    database = site.settings.data_dir / "lmsvc.sqlite3"
    site.store.close()
    for path in site.settings.data_dir.glob("lmsvc.sqlite3*"):
        path.unlink()
    database.mkdir()
    response = site.client.get("/api/v1/jobs")
    problem(response, 503, "unavailable")
    assert response.headers["Retry-After"]
    page = site.client.get("/", headers={"Accept": "text/html"})
    assert page.status_code == 503
    assert page.mimetype == "text/html"
    assert site.client.get("/healthz").status_code == 200
    assert site.client.get("/readyz").status_code == 503
    assert site.client.get("/metrics").status_code == 200


def test_without_a_proxy_nobody_says_what_the_host_is(server: Server) -> None:
    """A request that claims to come through a proxy is judged by its own Host header."""
    job_id = server.site.queued()
    forged = {"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    with server.client() as client:
        assert client.post(f"/api/v1/jobs/{job_id}/cancel", headers=forged).status_code == 403
        assert client.post(f"/api/v1/jobs/{job_id}/cancel", headers={"Origin": server.url}).status_code == 202
