"""Several people with one service."""

from dataclasses import replace

from playwright.sync_api import expect

from tests.browser.conftest import OpenWindow
from tests.web.people import token_of
from tests.web.server import Server
from tests.web.site import A_JOB


def test_two_people_do_not_see_each_others_jobs(guarded: Server, window: OpenWindow) -> None:
    """In two browsers two users list their own job only, and the address of the other's leads nowhere."""
    jobs, windows = {}, {}
    for name in ("ada", "bob"):
        token = token_of(guarded.site.store, name)
        jobs[name] = guarded.site.queued(replace(A_JOB, user=name, name=f"{name}'s job"))
        windows[name] = window(guarded.url)
        windows[name].sign_in(token)
    for name, other in (("ada", "bob"), ("bob", "ada")):
        page = windows[name].page
        page.goto("/")
        expect(page.locator("table.jobs")).to_contain_text(f"{name}'s job")
        expect(page.locator("table.jobs")).not_to_contain_text(f"{other}'s job")
        answer = page.goto(f"/jobs/{jobs[other]}")
        assert answer is not None
        assert answer.status == 404
        assert f"{other}'s job" not in page.content()
    windows["ada"].shot("other-peoples-job")


def test_a_share_link_shows_one_job_without_signing_in(guarded: Server, window: OpenWindow) -> None:
    """The owner makes a link on the job's page; who opens it reads that job, changes nothing, and lists none."""
    job_id = guarded.site.ended(job=replace(A_JOB, user="ada", name="ada's job"))
    ada, guest = window(guarded.url), window(guarded.url)
    ada.sign_in(token_of(guarded.site.store, "ada"), f"/jobs/{job_id}")
    ada.page.get_by_role("button", name="Share").click()
    link = ada.page.locator("#share-link").inner_text()
    ada.shot("share")
    guest.page.goto(link)
    expect(guest.page.locator("h1")).to_contain_text("ada's job")
    expect(guest.page.get_by_role("button", name="Delete")).to_have_count(0)
    guest.page.goto("/")
    expect(guest.page.get_by_label("Token")).to_be_visible()
