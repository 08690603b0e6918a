"""What protects visitors and the service."""

import pytest

from tests.web.asking import problem
from tests.web.people import form_token
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
