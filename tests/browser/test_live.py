"""Jobs watched in a browser: pages that move by themselves, and all that matters without a script too."""

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import OpenWindow
from tests.service.running import RunningService

JOB_MS = 180_000
NAPS = {
    "name": "Eight naps",
    "tags": ["naps"],
    "inputs": {"seconds": {"value": [3.0] * 8}},
    "steps": {
        "nap": {"run": "sleep_seconds", "scatter": "seconds", "in": {"seconds": "inputs/seconds"}},
        "say": {"run": "echo_text", "in": {"text": {"value": "slept well"}}},
    },
    "outputs": ["say/text"],
}
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
    job.page.get_by_text("As a table").click()
    job.shot("job-running")
    expect(job.page.locator("h1 .chip")).to_have_text("succeeded", timeout=JOB_MS)
    expect(job.page.locator(".overall")).to_contain_text("9 of 9 done")
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
    job_id = service.submit(NAPS)
    service.wait_for_end(job_id)
    plain = window(service.url, java_script_enabled=False)
    plain.page.goto("/?tag=naps")
    plain.page.locator(f"#job-{job_id} a").first.click()
    expect(plain.page.locator("h1 .chip")).to_have_text("succeeded")
    plain.shot("job-without-script")
    with plain.page.expect_download() as download:
        plain.page.get_by_role("link", name="Download package").click()
    assert Path(download.value.path()).read_bytes()[:2] == b"PK"
    plain.page.get_by_role("link", name="Look at text.txt").click()
    expect(plain.page.locator("pre.log")).to_have_text(re.compile("slept well"))
