"""Pages of results, steps, tools and pools, and the files all pages need."""

import re
from dataclasses import replace

import pytest

from lmsvc.jobs.states import ItemState, JobState
from lmsvc.store.records import ItemRecord, StepProgress, TaskRecord
from lmsvc.web.pages.static import BRIEFLY, FOR_EVER
from tests.web.asking import body, problem
from tests.web.people import form_token
from tests.web.site import A_JOB, ECHO, Site

HTML = {"Accept": "text/html"}


def _page(site: Site, path: str) -> str:
    response = site.client.get(path, headers=HTML)
    assert response.status_code == 200, response.get_data(as_text=True)
    return response.get_data(as_text=True)


def test_addresses_of_static_files_hold_their_checksum(site: Site) -> None:
    """What pages name is kept for ever; the bare name and another checksum are asked for again."""
    address = re.search(r'href="(/static/style\.[0-9a-f]{10}\.css)"', _page(site, "/"))
    assert address is not None
    assert site.client.get(address[1]).headers["Cache-Control"] == FOR_EVER
    for other in ("style.css", "style.0123456789.css"):
        answer = site.client.get(f"/static/{other}")
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, BRIEFLY)


def test_an_unchanged_page_is_not_sent_again(site: Site) -> None:
    """A page asked for with its tag is answered 304 until something in it changes."""
    job_id, client = site.queued(), site.client
    first = client.get(f"/jobs/{job_id}", headers=HTML)
    again = {**HTML, "If-None-Match": first.headers["ETag"]}
    assert client.get(f"/jobs/{job_id}", headers=again).status_code == 304
    assert site.store.set_waiting(job_id, "no slot yet")
    assert client.get(f"/jobs/{job_id}", headers=again).status_code == 200


def test_files_are_listed_searched_and_paged(site: Site) -> None:
    """The page of files finds by name and output, and leads on where there are many."""
    job_id = site.ended()
    files = [site.output(job_id, f"model/model/{n}.txt", b"x", f"Heuchera {n}") for n in range(120)]
    files.append(site.output(job_id, "map/plot/plot.txt", b"x", "A plot"))
    site.store.save_outputs(job_id, files)
    first = _page(site, f"/jobs/{job_id}/files")
    assert "121 files" in first
    assert "begin=100" in first
    assert "A plot" in first
    assert "A plot" not in _page(site, f"/jobs/{job_id}/files?begin=100")
    found = _page(site, f"/jobs/{job_id}/files?q=heuchera+11&step=model&output=model")
    assert "Heuchera 119" in found
    assert "Heuchera 12<" not in found
    assert "No file fits" in _page(site, f"/jobs/{job_id}/files?q=nothing")
    assert "All 120 files" in _page(site, f"/jobs/{job_id}")


def test_a_file_that_was_not_published_has_no_page(site: Site) -> None:
    """Neither invented names nor ways up lead to a file."""
    job_id = site.ended()
    for path in ("a/b/c.txt", "../lmsvc.sqlite3", "..%2f..%2flmsvc.sqlite3"):
        problem(site.client.get(f"/jobs/{job_id}/files/{path}"), 404, "not-found")


def test_the_page_of_a_step_has_its_log_and_its_hosts(site: Site) -> None:
    """What a step printed and where its tasks ran stand on its page; of one item and stream only that."""
    job_id = site.running()
    site.store.save_steps(job_id, [StepProgress("say", "echo_text", "utility", "default", "say", done=2, total=2)])
    site.store.record_tasks(job_id, [TaskRecord("say.1.0000", "say", "say", 1, 2, "done", "node7", "1", 5.0, 1.5)])
    site.bundle(job_id, "say.1.0000", {0: ("first", "oops"), 1: ("second", "")})
    whole = _page(site, f"/jobs/{job_id}/step?step=say")
    assert all(text in whole for text in ("first", "second", "oops", "node7", "1.5 s"))
    one = _page(site, f"/jobs/{job_id}/step?step=say&item=0&stream=stderr")
    assert "oops" in one
    assert "first" not in one
    assert "Nothing of this has begun yet" in _page(site, f"/jobs/{job_id}/step?step=other")


def test_a_long_log_is_shown_from_its_end(site: Site) -> None:
    """Of a long log the end is on the page, with a way to the whole."""
    job_id = site.ended()
    site.bundle(job_id, "say.1.0000", {0: ("begin" + "x" * 600_000 + "the end", "")})
    page = _page(site, f"/jobs/{job_id}/step?step=say&item=0&stream=stdout")
    assert "the end" in page
    assert "begin" not in page.split('id="log-text"')[1]
    assert "the whole log" in page
    assert len(page) < 400_000


def test_tags_are_changed_by_form(site: Site) -> None:
    """Tags with commas between replace those before; too many or too long ones are refused."""
    job_id, client = site.ended(job=replace(A_JOB, tags=("old",))), site.client
    token = form_token(client, f"/jobs/{job_id}")
    answer = client.post(f"/jobs/{job_id}/tags", data={"csrf_token": token, "tags": " a, b b,,a "})
    assert answer.status_code == 303
    head = site.store.head(job_id)
    assert head is not None
    assert head.tags == ("a", "b b")
    for bad in ("x" * 65, ",".join(map(str, range(21)))):
        answer = client.post(f"/jobs/{job_id}/tags", data={"csrf_token": token, "tags": bad})
        problem(answer, 422, "invalid-document")


def test_the_document_of_a_job_comes_back(site: Site) -> None:
    """The document is answered as it was submitted, so that it can be submitted again."""
    job_id = site.queued()
    assert body(site.client.get(f"/api/v1/jobs/{job_id}/document")) == ECHO
    problem(site.client.get("/api/v1/jobs/aaaaaaaaaa/document"), 404, "not-found")


def test_tools_and_pools_have_pages(site: Site) -> None:
    """Every tool is listed and has a page with its inputs and works to cite; each pool shows its bounds."""
    listed = _page(site, "/tools")
    tools = body(site.client.get("/api/v1/tools"))["tools"]
    assert all(f'href="/tools/{tool["id"]}"' in listed for tool in tools)
    page = _page(site, "/tools/create_sdm")
    assert all(text in page for text in ("min_points", "must be given", "What to cite", "elapid"))
    problem(site.client.get("/tools/no_such_tool"), 404, "not-found")
    assert "default" in _page(site, "/pools")


@pytest.mark.parametrize("state", [JobState.SUCCEEDED, JobState.FAILED])
def test_a_job_that_is_over_asks_for_nothing_more(site: Site, state: JobState) -> None:
    """Pages of ended jobs do not poll; those of others do."""
    assert "hx-trigger" not in _page(site, f"/jobs/{site.ended(state)}").split('id="live"')[1].split(">")[0]
    assert "hx-trigger" in _page(site, f"/jobs/{site.running()}")


def test_items_that_failed_have_a_page_of_their_own(site: Site) -> None:
    """Many failed items are told page after page, by state and step, with what each printed last."""
    job_id = site.ended(JobState.FAILED)
    failed = [ItemRecord("model", n, ItemState.FAILED, f"Fictia {n}", stderr_tail=f"last {n}.") for n in range(30)]
    site.store.record_items(job_id, [*failed, ItemRecord("clean", 1, ItemState.SKIPPED, "Ficus", "no record is left")])
    assert f'href="/jobs/{job_id}/items?state=failed"' in _page(site, f"/jobs/{job_id}")
    first = _page(site, f"/jobs/{job_id}/items?state=failed&step=model")
    assert "last 3." in first
    assert "last 29." not in first
    more = re.search(r'rel="next" href="([^"]+)"', first)
    assert more is not None
    assert "last 29." in _page(site, more[1].replace("&amp;", "&"))
    assert "no record is left" in _page(site, f"/jobs/{job_id}/items?state=skipped")
    assert "There is no such item" in _page(site, f"/jobs/{job_id}/items?state=not_run")


def test_outputs_say_what_they_are(site: Site) -> None:
    """A result stands with what its tool says of it, in the list, on its own page and for the map."""
    job_id = site.ended()
    site.store.save_steps(job_id, [StepProgress("model", "create_sdm", "sdm", total=1)])
    site.output(job_id, "model/model/a.tif", b"no raster", "Fictia alba")
    meaning = "suitability from 0 to 100"
    page = _page(site, f"/jobs/{job_id}")
    assert re.search(rf'data-meaning="[^"]*{meaning}', page)
    assert page.count(meaning) == 2
    assert meaning in _page(site, f"/jobs/{job_id}/files/model/model/a.tif")
