"""Pages: everything visible, nothing executed, usable without a script."""

import re
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lmsvc.jobs.states import ItemState, JobState
from lmsvc.store.records import ItemRecord, StepProgress
from lmsvc.web.bodies import Progress
from lmsvc.web.formats import BAR_WIDTH, bar, duration, grouped, moment, size
from tests.web.site import A_JOB, Site

EVIL = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>"
STEP = StepProgress(step="model", tool="create_sdm", category="sdm", pool="default", stage="model")


def _page(site: Site, path: str) -> str:
    response = site.client.get(path, headers={"Accept": "text/html"})
    assert response.status_code == 200
    assert response.mimetype == "text/html"
    return response.get_data(as_text=True)


def _press(client: FlaskClient, job_id: str, action: str, **fields: str) -> TestResponse:
    """Send a form of a job's page as a browser does: with its cookies and the form's secret."""
    page = client.get(f"/jobs/{job_id}", headers={"Accept": "text/html"}).get_data(as_text=True)
    found = re.search(r'name="csrf_token" value="(\w+)"', page)
    assert found is not None
    return client.post(f"/jobs/{job_id}/{action}", data={"csrf_token": found[1], **fields})


def test_empty_service_shows_how_to_begin(site: Site) -> None:
    """Without a job the page has a first submission to copy."""
    assert "curl" in _page(site, "/")


def test_jobs_page_shows_states_and_progress(site: Site) -> None:
    """Every job is there with state, tags and counts; filters and search work by the address."""
    running = site.running(replace(A_JOB, name="Heuchera", tags=("paper",)))
    site.store.save_steps(running, [replace(STEP, done=3, failed=1, total=10)])
    site.ended(job=replace(A_JOB, name="Ferns"))
    page = _page(site, "/")
    assert all(text in page for text in ("Heuchera", "Ferns", "paper", "3 of 10 done", "1 failed", "running"))
    assert "Ferns" not in _page(site, "/?state=running")
    assert "Heuchera" not in _page(site, "/?q=fern")
    assert "No job fits" in _page(site, "/?tag=none")


def test_job_page_shows_the_failure_first(site: Site) -> None:
    """Reason, exit code in words, host, command and the end of stderr stand above everything but the progress."""
    job_id = site.ended(JobState.FAILED, error={"detail": "1 of 12 items failed"})
    site.store.save_steps(job_id, [replace(STEP, done=11, failed=1, total=12)])
    command = ("python3", "-m", "lmsvc.tools.create_sdm")
    failed = ItemRecord(
        "model", 4, ItemState.FAILED, "H. alba", "too few", 1, None, "node1", "t", command, "ValueError"
    )
    skipped = ItemRecord("model", 5, ItemState.SKIPPED, "H. rubra", "no record is left")
    not_run = ItemRecord("pam", 0, ItemState.NOT_RUN, None, "not run, because model failed")
    site.store.record_items(job_id, [failed, skipped, not_run])
    page = _page(site, f"/jobs/{job_id}")
    told = (
        "1 of 12 items failed",
        "H. alba",
        "too few",
        "node1",
        "lmsvc.tools.create_sdm",
        "ValueError",
        "reported an error",
    )
    assert all(page.index("Progress") < page.index(text) < page.index('id="steps"') for text in told)
    assert "no record is left" in page
    assert "because model failed" in page


def test_job_page_offers_what_can_be_done(site: Site) -> None:
    """A running job can be cancelled, a failed one retried and deleted, a package downloaded where there is one."""
    assert "/cancel" in _page(site, f"/jobs/{site.running()}")
    failed = _page(site, f"/jobs/{site.ended(JobState.FAILED)}")
    assert "/retry" in failed
    assert "/delete" in failed
    assert "Download package" not in failed
    succeeded = site.ended()
    site.package(succeeded, b"zip")
    assert "Download package" in _page(site, f"/jobs/{succeeded}")


def test_buttons_do_what_they_say(site: Site) -> None:
    """Cancel, retry and delete by form lead back to a page that shows it."""
    job_id, client = site.queued(), site.client
    for action, state in (("cancel", "cancelled"), ("retry", "queued"), ("cancel", "cancelled")):
        response = _press(client, job_id, action)
        assert (response.status_code, response.headers["Location"]) == (303, f"/jobs/{job_id}")
        head = site.store.head(job_id)
        assert head is not None
        assert head.state == state
    assert _press(client, job_id, "delete").headers["Location"] == "/"
    assert site.store.head(job_id) is None


def test_waiting_job_says_why_on_its_page(site: Site) -> None:
    """What the controller says about waiting is on the page."""
    job_id = site.running()
    site.store.set_waiting(job_id, "no slot of pool sdm for 9 s")
    assert "no slot of pool sdm for 9 s" in _page(site, f"/jobs/{job_id}")


def test_nothing_of_a_job_is_executed(site: Site) -> None:
    """Markup in names, tags, labels, reasons, stderr, paths and queries stays text."""
    job_id = site.ended(JobState.FAILED, replace(A_JOB, name=EVIL, tags=(EVIL,)), {"detail": EVIL})
    site.store.save_steps(job_id, [replace(STEP, step=EVIL, total=1)])
    site.store.record_items(
        job_id,
        [
            ItemRecord(EVIL, 1, ItemState.FAILED, EVIL, EVIL, 1, None, EVIL, EVIL, (EVIL,), EVIL),
            ItemRecord("s", 2, ItemState.SKIPPED, EVIL, EVIL),
        ],
    )
    site.output(job_id, "a/b/x.txt", b"x", EVIL)
    for path in ("/", f"/jobs/{job_id}", "/?q=%3Cscript%3Ealert"):
        page = _page(site, path)
        assert "<script>alert" not in page
        assert "<img" not in page


def test_pages_need_nothing_from_elsewhere_and_no_inline_code(site: Site) -> None:
    """Every address in a page is the service's own, and neither scripts nor styles are inline."""
    job_id = site.running()
    for path in ("/", "/docs", f"/jobs/{job_id}"):
        page = _page(site, path)
        addresses = re.findall(r'(?:src|href|action)="([^"]*)"', page)
        assert all(address.startswith(("/", "#")) for address in addresses)
        assert not re.search(r"<style|style=|<script(?![^>]*src=)|\son\w+=", page)
        for asset in set(re.findall(r'"(/static/[^"]+)"', page)):
            assert site.client.get(asset).status_code == 200


def test_live_pages_refresh_without_a_script(site: Site) -> None:
    """A page that still changes has both a script and a refresh for browsers without; a finished one has neither."""
    assert 'http-equiv="refresh"' in _page(site, f"/jobs/{site.running()}")
    assert "refresh" not in _page(site, f"/jobs/{site.ended()}")


@pytest.mark.parametrize("path", ["/nothing", "/jobs/aaaaaaaaaa", "/static/secret", "/?state=x", "/static/..%2fapp.py"])
def test_errors_of_pages_are_pages_for_browsers_only(site: Site, path: str) -> None:
    """A browser gets a page with the request id, a program the problem document."""
    page = site.client.get(path, headers={"Accept": "text/html,*/*;q=0.8"})
    assert page.status_code in (400, 404)
    assert page.mimetype == "text/html"
    assert page.headers["X-Request-Id"] in page.get_data(as_text=True)
    assert site.client.get(path).mimetype == "application/problem+json"


def test_docs_name_every_operation(site: Site) -> None:
    """The page of the API has each path of the API."""
    page = _page(site, "/docs")
    paths = site.client.get("/openapi.json").get_json()["paths"]
    assert all(path in page for path in paths if path.startswith("/api/"))


def test_bars_are_never_longer_than_whole() -> None:
    """Parts follow each other without gap or overflow, also where counts exceed a total that lags behind."""
    lagging = Progress(done=3, failed=3, running=3, total=5)
    for progress in (lagging, Progress(done=1, total=3), Progress(), Progress(total=0)):
        parts = bar(progress)
        assert sum(width for _, _, width in parts) <= BAR_WIDTH
        assert all(begin == sum(width for _, _, width in parts[:n]) for n, (_, begin, _) in enumerate(parts))


def test_times_and_sizes_read_well() -> None:
    """Durations and sizes have the unit a person would use."""
    spoken = [duration(seconds) for seconds in (None, -1, 4.06, 185, 7620, 273_600)]
    assert spoken[1:] == ["0.0 s", "4.1 s", "3 min 05 s", "2 h 07 min", "3 d 04 h"]
    assert [size(count) for count in (812, 4100, 3_200_000, 1_000_000_000)] == ["812 B", "4.1 kB", "3.2 MB", "1.0 GB"]
    assert [grouped(number) for number in (0, 9999, 1_234_567)] == ["0", "9999", "1\u202f234\u202f567"]
    assert moment(0) == "1970-01-01 00:00:00 UTC"
