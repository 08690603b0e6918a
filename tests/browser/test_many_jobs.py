"""A list of very many jobs."""

import re
import time
from dataclasses import replace
from statistics import median

import psutil
from playwright.sync_api import expect

from lmsvc.store.records import StepProgress
from tests.browser.conftest import OpenWindow
from tests.web.server import Server
from tests.web.site import A_JOB

JOBS = 10_000
LOADS = 4
PAGE_CPU_SECONDS = 0.4
"""What a page with its scripts and styles may cost; measured were 0.05 to 0.1."""

PAGE_SECONDS = 2.0
"""How long a page may take until its rows are there, on a machine that others use; measured were 0.1 to 0.3."""

PAGES = {
    "first page": "/",
    "filter by state": "/?state=queued",
    "search": "/?q=number+77",
    "filter by tag": "/?tag=tag3",
    "middle": "/?cursor=5000",
    "last page": "/?cursor=26",
}


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
    """However many jobs there are, each page, filter and search is there in a moment and costs the service little."""
    _fill(server, JOBS)
    there = window(server.url)
    cost, took = {}, {}
    for name, path in PAGES.items():
        spent, times = _cpu_seconds(server), list[float]()
        for _ in range(LOADS):
            began = time.monotonic()
            there.page.goto(path, wait_until="domcontentloaded")
            expect(there.page.locator("table.jobs tbody tr")).to_have_count(25)
            times.append(time.monotonic() - began)
        cost[name], took[name] = (_cpu_seconds(server) - spent) / LOADS, median(times)
        print(f"{name} of {JOBS} jobs: {took[name] * 1000:.0f} ms, {cost[name] * 1000:.0f} ms of a processor")
    expect(there.page.locator("nav.states")).to_contain_text(re.compile(r"all 10\s?000"))
    there.shot("jobs-10000")
    assert max(cost.values()) < PAGE_CPU_SECONDS
    assert max(took.values()) < PAGE_SECONDS


def test_the_list_is_gone_through_to_its_end(server: Server, window: OpenWindow) -> None:
    """From a page near the end the list leads to its last page, and from there to the newest jobs again."""
    there = window(server.url)
    there.page.goto("/?cursor=30")
    there.page.get_by_role("link", name="Older jobs").click()
    expect(there.page.locator("table.jobs tbody tr")).to_have_count(4)
    expect(there.page.get_by_role("link", name="Older jobs")).to_have_count(0)
    there.page.get_by_role("link", name="Newest jobs").click()
    expect(there.page.locator("table.jobs tbody tr").first).to_contain_text(f"Job number {JOBS - 1}")
