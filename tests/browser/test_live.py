"""Jobs watched in a browser: pages that move by themselves, and all that matters without a script too."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import OpenWindow
from tests.service.running import RunningService
from tests.web.server import Server
from tests.web.site import A_JOB

JOB_MS = 180_000
SAID = {
    "name": "A word",
    "tags": ["said"],
    "steps": {"say": {"run": "echo_text", "in": {"text": {"value": "slept well"}}}},
    "outputs": ["say/text"],
}
NAPS = {
    "name": "Six naps",
    "tags": ["naps"],
    "inputs": {"seconds": {"value": [2.0] * 6}},
    "steps": {
        "nap": {"run": "sleep_seconds", "scatter": "seconds", "in": {"seconds": "inputs/seconds"}},
        "say": {"run": "echo_text", "in": {"text": {"value": "slept well"}}},
    },
    "outputs": ["say/text"],
}
LIVE = re.compile(r"nap item \d \(2\.0\), running on \S+, stdout <==\s+sleeping for 2 s")
FAILING = "A table without records"
FAILS = {
    "name": FAILING,
    "inputs": {"table": {"upload": ""}},
    "steps": {
        "split": {
            "run": "split_occurrence_data",
            "in": {"occurrences": "inputs/table", "species_key": {"value": "no such column"}},
        }
    },
    "outputs": ["split/species"],
}


def test_a_job_is_watched_to_its_end_without_reload(service: RunningService, window: OpenWindow) -> None:
    """Both pages show states and bars moving until the end, in the document that was loaded at first."""
    job_id = service.submit(NAPS)
    jobs, job = window(service.url), window(service.url)
    jobs.page.goto("/")
    job.page.goto(f"/jobs/{job_id}")
    for each in (jobs, job):
        each.page.evaluate("window.loadedOnce = true")
    expect(job.page.locator("h1 .chip")).to_have_text("running", timeout=JOB_MS)
    expect(job.page.locator(".node.running").first).to_be_visible(timeout=JOB_MS)
    expect(job.page.locator(".facts")).to_contain_text("Runs on")
    expect(jobs.page.locator(f"#job-{job_id} .on")).to_have_text(re.compile("^on "))
    job.page.get_by_text("As a table").click()
    job.shot("job-running")
    expect(job.page.locator("h1 .chip")).to_have_text("succeeded", timeout=JOB_MS)
    expect(job.page.locator(".overall")).to_contain_text("7 of 7 done")
    expect(jobs.page.locator(f"#job-{job_id} .chip")).to_have_text("succeeded")
    expect(job.page.get_by_role("link", name="Download package")).to_be_visible()
    expect(job.page.locator("#step-table[open]")).to_be_visible()
    for each in (jobs, job):
        assert each.page.evaluate("window.loadedOnce") is True
    with jobs.page.expect_response(lambda answer: answer.status == 304):
        pass  # What did not change is not sent again.
    jobs.shot("jobs")


def test_a_failing_job_shows_its_stderr_within_two_clicks(
    service: RunningService, window: OpenWindow, tmp_path: Path
) -> None:
    """From the list one click leads to task, exit in words, host and the last lines; a second to the whole log."""
    table = tmp_path / "records.csv"
    table.write_text("species,x,y\nHeuchera alba,1,2\n")
    upload = service.upload(table)
    job_id = service.submit({**FAILS, "inputs": {"table": {"upload": upload}}})
    there = window(service.url)
    there.page.goto("/")
    expect(there.page.locator(f"#job-{job_id} .chip")).to_have_text("failed", timeout=JOB_MS)
    there.page.locator(f"#job-{job_id}").get_by_role("link", name=FAILING).click()
    failure = there.page.locator("section.failure")
    expect(failure).to_contain_text("no such column")
    expect(failure.locator("dl")).to_contain_text(re.compile("exit code"))
    expect(failure.locator("dl")).to_contain_text("Host")
    expect(failure.get_by_text("Command to run it again")).to_be_visible()
    there.shot("job-failed")
    failure.get_by_role("link", name="Whole log").click()
    expect(there.page.locator("pre.log")).to_contain_text("no such column")
    there.shot("step-log")


def test_status_and_download_work_without_a_script(service: RunningService, window: OpenWindow) -> None:
    """A browser with JavaScript off shows the job, its log and its results, and downloads the package."""
    job_id = service.submit(SAID)
    service.wait_for_end(job_id)
    plain = window(service.url, java_script_enabled=False)
    plain.page.goto("/?tag=said")
    plain.page.locator(f"#job-{job_id} a").first.click()
    expect(plain.page.locator("h1 .chip")).to_have_text("succeeded")
    plain.shot("job-without-script")
    with plain.page.expect_download() as download:
        plain.page.get_by_role("link", name="Download package").click()
    assert Path(download.value.path()).read_bytes()[:2] == b"PK"
    plain.page.get_by_role("link", name="Look at text.txt").click()
    expect(plain.page.locator("pre.log")).to_have_text(re.compile("slept well"))


def test_a_step_is_watched_while_it_runs(service: RunningService, window: OpenWindow) -> None:
    """A step's page names what runs now and where, and shows what that prints while it runs, without reload."""
    job_id = service.submit({**NAPS, "name": "Naps to watch", "tags": ["watched"]})
    there = window(service.url)
    there.page.goto(f"/jobs/{job_id}/step?step=nap")
    there.page.evaluate("window.loadedOnce = true")
    expect(there.page.locator(".now")).to_contain_text(re.compile(r"nap\.\S+ on \S+"), timeout=JOB_MS)
    expect(there.page.locator("#log-text")).to_contain_text(LIVE, timeout=JOB_MS)
    there.shot("step-running")
    expect(there.page.locator("#log-text")).to_contain_text("nap item 0 (2.0), succeeded", timeout=JOB_MS)
    expect(there.page.locator(".crumbs .chip")).to_have_text("succeeded", timeout=JOB_MS)
    expect(there.page.locator(".now")).to_have_count(0)
    assert there.page.evaluate("window.loadedOnce") is True


@pytest.mark.parametrize("status", [None, 429, 500, 503])
def test_a_page_keeps_what_it_shows_while_the_service_is_away(
    server: Server, window: OpenWindow, status: int | None
) -> None:
    """Where nothing, or a problem, is answered, what was there stays with a line that says so, and then goes on."""
    job_id = server.site.running(replace(A_JOB, name="Goes on"))
    there = window(server.url)
    there.page.goto(f"/jobs/{job_id}")

    def refuse(route: Route) -> None:
        if status is None:
            route.abort()
        else:
            route.fulfill(status=status, content_type="text/html", body="<p>no", headers={"Retry-After": "1"})

    there.page.route(f"**/jobs/{job_id}", refuse)
    expect(there.page.locator(".away")).to_contain_text("What you see is of")
    expect(there.page.locator("h1")).to_contain_text("Goes on")
    there.shot(f"away-{status}")
    assert there.violations() == []
    there.page.unroute(f"**/jobs/{job_id}")
    server.site.store.set_waiting(job_id, "no slot yet")
    expect(there.page.locator("#live")).to_contain_text("no slot yet")
    expect(there.page.locator(".away")).to_have_count(0)
    there.faults.clear()
