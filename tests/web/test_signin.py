"""Signing in with a token, sessions, and the forms of pages."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lmsvc.store.accounts_secrets import hash_of
from tests.web.asking import body, problem
from tests.web.people import (
    HTML,
    SITE_TOKEN,
    browser,
    form_token,
    guarded_site,
    person,
    sign_in,
    token_of,
)
from tests.web.site import Site


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Site]:
    """Give a web service with users."""
    made = guarded_site(tmp_path)
    yield made
    made.store.close()


def test_a_browser_signs_in_with_a_token_and_out_again(guarded: Site) -> None:
    """The page asked for leads to the one to sign in, and that one back; after signing out nothing opens."""
    client = guarded.client
    asked = client.get("/?state=queued&q=a%20b", headers=HTML)
    assert asked.headers["Location"] == "/sign-in?next=/?state%3Dqueued%26q%3Da%2520b"
    entered = sign_in(client, token_of(guarded.store, "ada"), "/?state=queued&q=a%20b")
    assert (entered.status_code, entered.headers["Location"]) == (303, "/?state=queued&q=a%20b")
    page = client.get("/", headers=HTML).get_data(as_text=True)
    assert "ada" in page
    left = client.post("/sign-out", data={"csrf_token": form_token(client, "/")})
    assert (left.status_code, left.headers["Location"]) == (303, "/sign-in")
    assert client.get("/", headers=HTML).status_code == 303


def test_the_services_own_token_signs_an_administrator_in(guarded: Site, tmp_path: Path) -> None:
    """The token in the file is good for a session too, which ends when the file changes."""
    client = guarded.client
    sign_in(client, SITE_TOKEN)
    assert body(client.get("/api/v1/me"))["admin"]
    fresh = tmp_path / "fresh"
    fresh.write_text("another")
    fresh.replace(tmp_path / "token")
    assert client.get("/api/v1/me").status_code == 401


def test_a_session_ends_with_its_token(guarded: Site) -> None:
    """Who revokes a token signs out every browser that signed in with it."""
    client = browser(guarded, "ada")
    assert client.get("/api/v1/me").status_code == 200
    guarded.store.revoke_token(guarded.store.tokens("ada")[0].id)
    assert client.get("/api/v1/me").status_code == 401


def test_a_session_ends_with_its_time(guarded: Site) -> None:
    """A session whose time is over is worth nothing, and is forgotten when somebody signs in."""
    token = token_of(guarded.store, "ada")
    guarded.store.begin_session(hash_of("s" * 30), hash_of(token), 1.0, time.time() + 60)
    guarded.store.begin_session(hash_of("o" * 30), hash_of(token), 1.0, time.time() - 1)
    answers = []
    for secret in ("s" * 30, "o" * 30):
        client = guarded.client
        client.set_cookie("lmsvc_session", secret)
        answers.append(client.get("/api/v1/me").status_code)
    assert answers == [200, 401]


@pytest.mark.parametrize(
    ("url", "name"), [("http://localhost", "lmsvc_session"), ("https://localhost", "__Host-lmsvc_session")]
)
def test_the_cookie_is_for_this_service_alone(guarded: Site, url: str, name: str) -> None:
    """No script reads it, no other site's page makes a browser send it, and behind https no other way carries it."""
    client = guarded.app.test_client()
    client.get("/sign-in", base_url=url)
    page = client.get("/sign-in", base_url=url).get_data(as_text=True)
    fields = {"token": SITE_TOKEN, "csrf_token": page.split('name="csrf_token" value="')[1].split('"')[0]}
    cookie = client.post("/sign-in", data=fields, base_url=url).headers["Set-Cookie"]
    assert cookie.startswith(f"{name}=")
    words = {word.strip().partition("=")[0]: word.strip().partition("=")[2] for word in cookie.split(";")[1:]}
    assert "HttpOnly" in words
    assert (words["SameSite"], words["Path"]) == ("Strict", "/")
    assert ("Secure" in words) == url.startswith("https")
    assert "Domain" not in words


@pytest.mark.parametrize("token", ["", "wrong", SITE_TOKEN[:-1], "\ud800", "\x00"])
def test_a_wrong_token_is_told_on_the_page(guarded: Site, token: str) -> None:
    """The page comes again, with the reason beside the field, and no session begins."""
    answer = sign_in(guarded.client, token.encode("utf-8", "replace").decode())
    assert (answer.status_code, answer.mimetype) == (401, "text/html")
    assert 'role="alert"' in answer.get_data(as_text=True)
    assert "lmsvc_session" not in answer.headers.get("Set-Cookie", "")


@pytest.mark.parametrize(
    "address",
    ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "evil", "", "/\n/x", "/ x"],
)
def test_signing_in_leads_nowhere_else(guarded: Site, address: str) -> None:
    """An address of another site, or none at all, leads to the first page."""
    assert sign_in(guarded.client, SITE_TOKEN, address).headers["Location"] == "/"


def test_a_page_that_is_asked_for_by_another_site_comes_again(guarded: Site) -> None:
    """A browser keeps the session's cookie back when a link elsewhere led here: our own page leads on."""
    headers = {**HTML, "Sec-Fetch-Site": "cross-site"}
    page = guarded.client.get('/?q="><script>', headers=headers)
    text = page.get_data(as_text=True)
    assert page.status_code == 200
    assert 'content="0; url=/?q=' in text
    assert "<script>" not in text
    hostile = guarded.client.get("//evil.example/", headers=headers).get_data(as_text=True)
    assert "evil" not in hostile


@pytest.mark.parametrize(
    "path", ["/jobs/{}/cancel", "/jobs/{}/delete", "/jobs/{}/share", "/account/tokens", "/sign-out"]
)
@pytest.mark.parametrize("fields", [{}, {"csrf_token": ""}, {"csrf_token": "0" * 64}, {"csrf_token": "\u00e4"}])
def test_a_form_without_its_token_does_nothing(guarded: Site, path: str, fields: dict[str, str]) -> None:
    """What no page of ours asked for is refused, even with the session's cookie."""
    client = browser(guarded, "root", admin=True, scopes=["read", "submit", "admin"])
    job_id = guarded.queued()
    problem(client.post(path.format(job_id), data=fields), 403, "stale-form")
    head = guarded.store.head(job_id)
    assert head is not None
    assert head.state == "queued"
    assert client.get("/api/v1/me").status_code == 200


def test_one_browsers_form_is_none_of_another(guarded: Site) -> None:
    """The token of a form is good in the browser that got it, and in no other."""
    ada, bob = browser(guarded, "ada"), browser(guarded, "bob")
    problem(bob.post("/sign-out", data={"csrf_token": form_token(ada, "/")}), 403, "stale-form")
    assert bob.post("/sign-out", data={"csrf_token": form_token(bob, "/")}).status_code == 303


def test_scripts_of_our_pages_send_the_token_in_a_header(guarded: Site) -> None:
    """With a session's cookie the API wants it too; programs with a token of their own need none."""
    client = browser(guarded, "ada")
    problem(client.post("/api/v1/jobs", json={}), 403, "stale-form")
    sent = client.post("/api/v1/jobs", json={}, headers={"X-CSRF-Token": form_token(client, "/")})
    problem(sent, 422, "invalid-document")
    problem(guarded.client.post("/api/v1/jobs", json={}, headers=person(guarded, "ada")), 422, "invalid-document")


def test_on_one_machine_pages_want_their_forms_and_programs_none(site: Site) -> None:
    """Without users a page's form still needs its token, while the API takes what any program sends."""
    client, job_id = site.client, site.queued()
    problem(client.post(f"/jobs/{job_id}/cancel"), 403, "stale-form")
    fields = {"csrf_token": form_token(client, f"/jobs/{job_id}")}
    assert client.post(f"/jobs/{job_id}/cancel", data=fields).status_code == 303
    assert client.post(f"/api/v1/jobs/{site.queued()}/cancel").status_code == 202
    assert client.get("/sign-in").headers["Location"] == "/"


def test_a_part_of_a_page_sends_the_whole_page_to_sign_in(guarded: Site) -> None:
    """A script that fetches a part of a page after the session ended is told where the browser is to go."""
    answer = guarded.client.get("/", headers={**HTML, "HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/sign-in")
