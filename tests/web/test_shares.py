"""Links by which anybody may read one job."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from lmsvc.store.accounts_records import Share
from lmsvc.store.records import NewJob
from tests.web.asking import body, problem
from tests.web.people import HTML, bearer, browser, form_token, guarded_site, person
from tests.web.site import ECHO, Site

ADAS = NewJob(user="ada", name="ada's job", document=ECHO)


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Site]:
    """Give a web service with users."""
    made = guarded_site(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def ada(guarded: Site) -> dict[str, str]:
    """Give the header of ada's programs."""
    return person(guarded, "ada")


def opened(site: Site, url: str) -> tuple[FlaskClient, str]:
    """Follow a share link in a fresh browser; return it and where the link leads."""
    client = site.client
    answer = client.get(urlsplit(url).path, headers={**HTML, "Sec-Fetch-Site": "cross-site"})
    found = re.search(r'content="0; url=([^"]+)"', answer.get_data(as_text=True))
    assert found is not None, answer.get_data(as_text=True)
    return client, found[1]


def test_a_link_opens_one_job_to_be_read(guarded: Site, ada: dict[str, str]) -> None:
    """Who has the link reads the job's page, status and files without signing in, and can change nothing."""
    job_id = guarded.ended(job=ADAS)
    guarded.output(job_id, "say/text/out.txt", b"made")
    shared = body(guarded.client.post(f"/api/v1/jobs/{job_id}/share", headers=ada), 201)
    client, page = opened(guarded, shared["url"])
    assert page == f"/jobs/{job_id}"
    text = client.get(page, headers=HTML).get_data(as_text=True)
    assert "ada&#39;s job" in text
    assert f"/jobs/{job_id}/delete" not in text
    assert body(client.get(f"/api/v1/jobs/{job_id}"))["id"] == job_id
    with client.get(f"/api/v1/jobs/{job_id}/outputs/say/text/out.txt") as file:
        assert file.data == b"made"
    for path in (f"/jobs/{job_id}/delete", f"/jobs/{job_id}/share"):
        assert client.post(path, data={"csrf_token": form_token(client)}).status_code == 401
    assert client.delete(f"/api/v1/jobs/{job_id}").status_code == 401
    assert guarded.store.head(job_id) is not None


def test_a_link_opens_nothing_else(guarded: Site, ada: dict[str, str]) -> None:
    """Neither other jobs of the same user, nor lists, nor the link itself are told to a visitor."""
    job_id, other = guarded.queued(ADAS), guarded.queued(ADAS)
    shared = body(guarded.client.post(f"/api/v1/jobs/{job_id}/share", headers=ada), 201)
    client, _ = opened(guarded, shared["url"])
    for path in (f"/api/v1/jobs/{other}", "/api/v1/jobs", "/api/v1/me", "/api/v1/users", "/api/v1/pools"):
        problem(client.get(path), 401, "unauthorized")
    problem(client.get(f"/api/v1/jobs/{job_id}/share"), 404, "not-found")


def test_a_link_is_a_token_for_programs(guarded: Site, ada: dict[str, str]) -> None:
    """The command line and notebooks read a shared job with its token."""
    job_id = guarded.queued(ADAS)
    token = body(guarded.client.post(f"/api/v1/jobs/{job_id}/share", headers=ada), 201)["token"]
    assert guarded.client.get(f"/api/v1/jobs/{job_id}", headers=bearer(token)).status_code == 200
    problem(guarded.client.get("/api/v1/jobs", headers=bearer(token)), 401, "unauthorized")
    problem(guarded.client.post(f"/api/v1/jobs/{job_id}/cancel", headers=bearer(token)), 401, "unauthorized")


def test_somebody_signed_in_reads_a_shared_job_too(guarded: Site, ada: dict[str, str]) -> None:
    """A colleague with an account follows the link, stays who he is, and still cannot change the job."""
    job_id = guarded.queued(ADAS)
    shared = body(guarded.client.post(f"/api/v1/jobs/{job_id}/share", headers=ada), 201)
    bob = browser(guarded, "bob")
    assert bob.get(f"/jobs/{job_id}", headers=HTML).status_code == 404
    bob.get(urlsplit(shared["url"]).path)
    assert bob.get(f"/jobs/{job_id}", headers=HTML).status_code == 200
    assert body(bob.get("/api/v1/jobs"))["jobs"] == []
    token = form_token(bob, "/")
    assert bob.post(f"/api/v1/jobs/{job_id}/cancel", headers={"X-CSRF-Token": token}).status_code == 404


def test_a_revoked_link_opens_nothing(guarded: Site, ada: dict[str, str]) -> None:
    """After it was revoked the link, its cookie and its token are worthless, and a new link is another one."""
    job_id = guarded.queued(ADAS)
    shared = body(guarded.client.post(f"/api/v1/jobs/{job_id}/share", headers=ada), 201)
    client, page = opened(guarded, shared["url"])
    assert guarded.client.delete(f"/api/v1/jobs/{job_id}/share", headers=ada).status_code == 204
    assert client.get(page).status_code == 401
    assert client.get(urlsplit(shared["url"]).path).status_code == 404
    assert guarded.client.get(f"/api/v1/jobs/{job_id}", headers=bearer(shared["token"])).status_code == 401
    again = body(guarded.client.post(f"/api/v1/jobs/{job_id}/share", headers=ada), 201)
    assert again["url"] != shared["url"]


def test_a_link_expires(guarded: Site, ada: dict[str, str]) -> None:
    """It is good for as long as asked, or as the site says; asked for again it stays the same and lasts anew."""
    job_id, now = guarded.queued(ADAS), time.time()
    usual = body(guarded.client.post(f"/api/v1/jobs/{job_id}/share", headers=ada), 201)
    longer = body(guarded.client.post(f"/api/v1/jobs/{job_id}/share?days=60", headers=ada), 201)
    assert usual["url"] == longer["url"]
    assert usual["expires"] < longer["expires"]
    guarded.store.share(Share("x" * 43, job_id, "ada", now, now - 1))
    assert guarded.client.get(urlsplit(usual["url"]).path).status_code == 404


def test_a_job_is_shared_by_a_button(guarded: Site) -> None:
    """The page's form makes the link and takes it away again; only the owner's page has it."""
    job_id, client = guarded.queued(ADAS), browser(guarded, "ada")
    token = form_token(client, "/")
    assert client.post(f"/jobs/{job_id}/share", data={"csrf_token": token}).status_code == 303
    share = guarded.store.share_of(job_id, time.time())
    assert share is not None
    assert share.user == "ada"
    assert client.post(f"/jobs/{job_id}/unshare", data={"csrf_token": token}).status_code == 303
    assert guarded.store.share_of(job_id, time.time()) is None


def test_a_deleted_job_takes_its_link_with_it(guarded: Site, ada: dict[str, str]) -> None:
    """Nothing of a link is left when its job is gone."""
    job_id = guarded.ended(job=ADAS)
    shared = body(guarded.client.post(f"/api/v1/jobs/{job_id}/share", headers=ada), 201)
    guarded.client.delete(f"/api/v1/jobs/{job_id}", headers=ada)
    assert guarded.client.get(urlsplit(shared["url"]).path).status_code == 404
