"""Several people and many jobs."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import expect

from lmsvc.store.records import StepProgress
from tests.browser.conftest import OpenWindow
from tests.browser.looking import Window
from tests.web.people import SITE_TOKEN, token_of
from tests.web.server import Server
from tests.web.site import A_JOB

JOBS = 10_000
LOADS = 4
PAGE_CPU_SECONDS = 0.4
"""What a page with its scripts and styles may cost; measured were 0.05 to 0.1."""


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Server]:
    """Give a web service that asks who is there."""
    (tmp_path / "token").write_text(SITE_TOKEN)
    with Server.start(tmp_path / "data", LMSVC_TOKEN_FILE=str(tmp_path / "token")) as started:
        yield started


def _sign_in(there: Window, token: str, path: str = "/") -> None:
    there.page.goto(path)
    there.page.get_by_label("Token").fill(token)
    there.page.get_by_role("button", name="Sign in").click()
    expect(there.page.get_by_role("button", name="Sign out")).to_be_visible()


def test_two_people_do_not_see_each_others_jobs(guarded: Server, window: OpenWindow) -> None:
    """In two browsers two users list their own job only, and the address of the other's leads nowhere."""
    jobs, windows = {}, {}
    for name in ("ada", "bob"):
        token = token_of(guarded.site.store, name)
        jobs[name] = guarded.site.queued(replace(A_JOB, user=name, name=f"{name}'s job"))
        windows[name] = window(guarded.url)
        _sign_in(windows[name], token)
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
    _sign_in(ada, token_of(guarded.site.store, "ada"), f"/jobs/{job_id}")
    ada.page.get_by_role("button", name="Share").click()
    link = ada.page.locator("#share-link").inner_text()
    ada.shot("share")
    guest.page.goto(link)
    expect(guest.page.locator("h1")).to_contain_text("ada's job")
    expect(guest.page.get_by_role("button", name="Delete")).to_have_count(0)
    guest.page.goto("/")
    expect(guest.page.get_by_label("Token")).to_be_visible()


def _fill(server: Server, jobs: int) -> None:
    store = server.site.store
    for n in range(jobs):
        job_id = store.submit(replace(A_JOB, name=f"Job number {n}", tags=(f"tag{n % 7}",)), None, time.time()).job_id
        if n >= jobs - 40:
            store.save_steps(job_id, [StepProgress("s", "echo_text", "utility", "default", "s", done=n % 9, total=9)])


def _cpu_seconds(server: Server) -> float:
    """Return the processor's time that the web service has taken so far."""
    processes = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
    return sum(each.cpu_times().user + each.cpu_times().system for each in processes)


def test_a_list_of_10000_jobs_stays_quick(server: Server, window: OpenWindow) -> None:
    """However many jobs there are, a page of them costs the service a fraction of a second of a processor."""
    _fill(server, JOBS)
    there = window(server.url)
    said, cost = {}, {}
    for path in ("/", "/?state=queued", "/?q=number+77", "/?tag=tag3", "/?cursor=5000"):
        began, spent = time.monotonic(), _cpu_seconds(server)
        for _ in range(LOADS):
            there.page.goto(path, wait_until="domcontentloaded")
            expect(there.page.locator("table.jobs tbody tr")).to_have_count(25)
        cost[path] = (_cpu_seconds(server) - spent) / LOADS
        said[path] = (
            f"{cost[path] * 1000:.0f} ms of a processor, {(time.monotonic() - began) / LOADS * 1000:.0f} ms in all"
        )
    print(said)
    expect(there.page.locator("nav.states")).to_contain_text(f"all {JOBS}")
    there.shot("jobs-10000")
    assert max(cost.values()) < PAGE_CPU_SECONDS
