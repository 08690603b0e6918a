"""Whom jobs tell: as each says, else as its owner wishes; and who gets to see it."""

import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lmsvc.jobs.states import JobState
from lmsvc.store.records import NewJob
from tests.web.asking import body, problem
from tests.web.people import HTML, browser, form_token, guarded_site, person
from tests.web.site import ECHO, Site

ADDRESS = "/api/v1/me/notices"
MAIL = {"server": "mail.example.org", "sender": "lm@example.org"}
TOLD = NewJob("ada", "told", {**ECHO, "notify": {"email": "ada@example.org"}}, notify={"email": "ada@example.org"})


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Site]:
    """Give a web service with users that sends webhooks and mail."""
    made = guarded_site(tmp_path, notices={"webhooks": True, "mail": MAIL})
    yield made
    made.store.close()


def notify_of(site: Site, headers: dict[str, str], notify: object = None) -> object:
    """Submit a job; return whom it tells."""
    document = ECHO if notify is None else {**ECHO, "notify": notify}
    accepted = body(site.client.post("/api/v1/jobs", json=document, headers=headers), 202)
    head = site.store.head(accepted["id"])
    assert head is not None
    return head.notify


def test_a_job_tells_whom_it_names_else_whom_its_owner_wishes(guarded: Site) -> None:
    """Nobody by default; the owner's wish where the job says nothing; the job's own word where it does."""
    ada = person(guarded, "ada")
    assert notify_of(guarded, ada) is None
    wish = {"webhook": "https://example.org/in", "email": "ada@example.org"}
    body(guarded.client.put(ADDRESS, json=wish, headers=ada))
    assert notify_of(guarded, ada) == wish
    assert notify_of(guarded, ada, {"email": "team@example.org"}) == {"email": "team@example.org"}
    assert notify_of(guarded, ada, {}) is None
    assert notify_of(guarded, person(guarded, "bob")) is None


def test_everybody_has_a_secret_of_his_own(guarded: Site) -> None:
    """The secret that signs a user's webhooks is shown to that user only, and stays the same."""
    ada, bob = person(guarded, "ada"), person(guarded, "bob")
    secrets = [body(guarded.client.get(ADDRESS, headers=who))["secret"] for who in (ada, ada, bob)]
    assert secrets[0] == secrets[1] != secrets[2]
    assert all(secret.startswith("whsec_") for secret in secrets)
    problem(guarded.client.get(ADDRESS, headers=person(guarded, "eve", scopes=["read"])), 403, "forbidden")


@pytest.mark.parametrize(
    ("notify", "pointer", "detail"),
    [
        ({"webhook": "ftp://example.org/"}, "/notify/webhook", "begins with http:// or https://"),
        ({"email": "nobody"}, "/notify/email", "mail address"),
        ({"pager": "1"}, "/notify/pager", "unknown field"),
    ],
)
def test_a_faulty_address_is_refused_at_its_place(guarded: Site, notify: object, pointer: str, detail: str) -> None:
    """Addresses are checked with the rest of the document."""
    answer = guarded.client.post("/api/v1/jobs", json={**ECHO, "notify": notify}, headers=person(guarded, "ada"))
    (fault,) = problem(answer, 422, "invalid-document")["errors"]
    assert fault["pointer"] == pointer
    assert detail in fault["detail"]


def test_a_site_that_tells_nobody_says_so(site: Site) -> None:
    """Without settings neither channel is there, and a job that asks for one is told so at once."""
    told = body(site.client.get(ADDRESS))
    assert (told["channels"], told["secret"]) == ([], None)
    answer = site.submit({**ECHO, "notify": {"webhook": "https://example.org/", "email": "ada@example.org"}})
    faults = problem(answer, 422, "invalid-document")["errors"]
    assert [fault["pointer"] for fault in faults] == ["/notify/email", "/notify/webhook"]


def test_the_page_changes_it_without_a_script(guarded: Site) -> None:
    """The form keeps a wish, shows it, and refuses what is no address."""
    ada = browser(guarded, "ada")
    fields = {"csrf_token": form_token(ada, "/account/notices"), "email": "ada@example.org", "webhook": ""}
    assert ada.post("/account/notices", data=fields, headers=HTML).status_code == 303
    page = ada.get("/account/notices", headers=HTML).get_data(as_text=True)
    assert 'value="ada@example.org"' in page
    assert re.search(r"whsec_[A-Za-z0-9+/]+", page)
    assert ada.post("/account/notices", data={**fields, "email": "<b>"}, headers=HTML).status_code == 422


def test_guests_of_a_shared_job_do_not_see_whom_it_tells(guarded: Site) -> None:
    """Its owner gets the document with the address, a guest with the link gets it without, page and API alike."""
    job_id, ada = guarded.ended(job=TOLD), person(guarded, "ada")
    shared = body(guarded.client.post(f"/api/v1/jobs/{job_id}/share", headers=ada), 201)
    guest = {"Authorization": f"Bearer {shared['token']}"}
    for path in (f"/api/v1/jobs/{job_id}/document", f"/jobs/{job_id}"):
        owner, other = (guarded.client.get(path, headers=who).get_data(as_text=True) for who in (ada, guest))
        assert "echo" in other
        assert ("ada@example.org" in owner, "ada@example.org" in other) == (True, False), path


def test_a_job_says_when_its_results_are_removed(site: Site) -> None:
    """Before: the day, in status and page. After: that they are gone, and that there is nothing to retry."""
    job_id = site.ended(JobState.FAILED)
    later = time.time() + 86_400
    assert (_status(site, job_id)["expires"], _status(site, job_id)["removed"]) == (None, False)
    site.store.warn(job_id, later, time.time())
    assert str(_status(site, job_id)["expires"]).endswith("Z")
    assert "Its results are removed on" in site.client.get(f"/jobs/{job_id}").get_data(as_text=True)
    site.store.remove_results(job_id, later + 1, lambda: None)
    assert (_status(site, job_id)["expires"], _status(site, job_id)["removed"]) == (None, True)
    assert "have expired and were removed" in site.client.get(f"/jobs/{job_id}").get_data(as_text=True)
    assert "expired" in problem(site.client.get(f"/api/v1/jobs/{job_id}/package"), 404, "not-found")["detail"]
    assert "expired" in problem(site.client.post(f"/api/v1/jobs/{job_id}/retry"), 409, "wrong-state")["detail"]


def _status(site: Site, job_id: str) -> dict[str, object]:
    return body(site.client.get(f"/api/v1/jobs/{job_id}"))


def test_the_share_of_the_disk_is_shown(guarded: Site) -> None:
    """What a user's results take is told in bytes and as a share of the disk, by API and page."""
    job_id, ada = guarded.ended(job=TOLD), person(guarded, "ada")
    total = shutil.disk_usage(guarded.settings.data_dir).total
    guarded.store.set_package_bytes(job_id, total // 4)
    used = body(guarded.client.get("/api/v1/me", headers=ada))["used"]
    assert (used["bytes"], round(used["disk_share"], 3)) == (total // 4, 0.25)
    assert "25.0 % of the disk" in browser(guarded, "ada").get("/account", headers=HTML).get_data(as_text=True)
