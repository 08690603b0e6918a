"""The pages of a new job, used without scripts."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lmsvc.jobs.faults import Fault
from lmsvc.web.new_document import excerpt, placed
from tests.web.forms import Browser
from tests.web.site import ECHO, Site

TABLE = b"scientificName,lon,lat,year\n<b>Fictia</b>,1,2,1987\n"
DATASET = """
{{name: climate, version: "1", title: Climate, licence: CC0, citation: A. Author, files: [
  {{layer: bio1, path: a.tif, sha256: "{}", size: 1}}, {{layer: bio12, path: b.tif, sha256: "{}", size: 1}}]}}
""".format("0" * 64, "1" * 64)
EVIL = "<script>alert('x')</script>"


@pytest.fixture
def browser(site: Site) -> Browser:
    """Give a browser without scripts."""
    return Browser(site.client)


def test_every_workflow_and_tool_is_offered(site: Site, browser: Browser) -> None:
    """The first page leads to a form for each workflow and each tool, and every one can be shown."""
    page = browser.show("/new")
    for name in [*site.app.extensions["lmsvc"].registries.workflows, "create_sdm", "echo_text"]:
        assert f'href="/new/{name}"' in page
        assert f'action="/new/{name}"' in browser.show(f"/new/{name}")
    assert site.client.get("/new/nothing").status_code == 404


def test_a_form_is_filled_in_looked_at_and_submitted(site: Site, browser: Browser) -> None:
    """Files come with the form, columns are offered, faults stand at their fields, the plan is shown, a job made."""
    browser.show("/new/model_species")
    layers = [("rain.tif", b"rain"), ("heat.tif", b"heat")]
    browser.send("look", {"min_x": "1,5"}, {"occurrences": [("points.csv", TABLE)], "layers": layers})
    assert "lon (found)" in browser.text
    assert "&lt;b&gt;Fictia" in browser.text
    assert browser.faults() == []
    browser.send("plan")
    assert browser.faults()[0] == "must be a number"
    browser.send("plan", {"min_x": "", "species_column": "year"})
    assert "The plan" in browser.text
    assert "wrangle_occurrences" in browser.text
    assert site.client.get("/api/v1/jobs").get_json()["jobs"] == []
    response = browser.send("submit", {"job_name": "Two layers"})
    assert response.status_code == 303
    job_id = response.headers["Location"].removeprefix("/jobs/")
    document = site.client.get(f"/api/v1/jobs/{job_id}/document").get_json()
    assert document["name"] == "Two layers"
    assert [layer["label"] for layer in document["inputs"]["layers"]] == ["rain", "heat"]
    assert document["steps"]["split"]["in"]["species_key"] == {"value": "year"}


def test_a_form_sent_twice_makes_one_job(site: Site, browser: Browser) -> None:
    """Pressing the button again leads to the same job; a changed form that was shown anew makes another."""
    browser.show("/new/echo_text")
    once = browser.text
    first = browser.send("submit", {"text": "hello"}).headers["Location"]
    browser.text = once
    assert browser.send("submit", {"text": "hello"}).headers["Location"] == first
    browser.show("/new/echo_text")
    assert browser.send("submit", {"text": "hello"}).headers["Location"] != first


def test_run_again_fills_in_what_the_job_was_made_from(site: Site, browser: Browser) -> None:
    """From a job of a form the form opens with its files and values; from another its document."""
    browser.show("/new/create_point_heatmap")
    tables = [("a.csv", TABLE), ("b.csv", TABLE + b"x,1,1,1\n")]
    sent = browser.send("submit", {"resolution": "0.25", "title": EVIL}, {"points": tables})
    page = browser.show(f"/new?from={sent.headers['Location'].removeprefix('/jobs/')}")
    assert browser.address.startswith("/new/create_point_heatmap?from=")
    assert browser.fields()["resolution"] == "0.25"
    assert browser.fields()["title"] == EVIL
    assert EVIL not in page
    assert len(browser.fields().getlist("points.upload")) == 2
    again = browser.send("submit", {"resolution": "0.5"})
    assert again.status_code == 303
    job_id = site.submit(ECHO).get_json()["id"]
    browser.show(f"/new?from={job_id}")
    assert browser.address.startswith("/new/document?from=")
    assert json.loads(browser.fields()["document"]) == ECHO


def test_a_file_is_taken_out_by_its_box(site: Site, browser: Browser) -> None:
    """An upload whose box is not checked any more is not part of the job; what is needed then is asked for."""
    browser.show("/new/create_point_heatmap")
    browser.send("plan", files={"points": [("a.csv", TABLE), ("b.csv", b"x,y\n1,2\n")]})
    kept = browser.fields().getlist("points.upload")
    browser.send("plan", {"points.upload": kept[:1]})
    assert browser.fields().getlist("points.upload") == kept[:1]
    browser.send("plan", {"points.upload": []})
    assert browser.faults() == ["this is needed"]


def test_sets_of_files_grow_one_by_one(site: Site, browser: Browser) -> None:
    """With a set of layers filled in the form offers the next one; each makes a step of its own."""
    browser.show("/new/model_species")
    needed = {"occurrences": [("points.csv", TABLE)], "layers": [("a.tif", b"a")]}
    browser.send("plan", files={**needed, "scenarios.1": [("b.tif", b"b")]})
    browser.send("plan", files={"scenarios.2": [("c.tif", b"c")]})
    assert browser.fields()["scenarios.sets"] == "3"
    assert "project_2" in browser.text
    assert "project_3" not in browser.text


def test_every_fault_of_a_document_is_shown_at_its_line(browser: Browser) -> None:
    """All faults are listed with their lines, and the lines shown with what is wrong; text stays text."""
    browser.show("/new/document")
    text = f'{{\n"name": "{EVIL}",\n"steps": {{"say": {{"run": "ech_text",\n"in": 3}}}},\n"outputs": ["other/text"]\n}}'
    browser.send("plan", {"document": text})
    for line, what in ((3, "unknown tool"), (4, "must be an object"), (5, "unknown step")):
        assert f'href="#line-{line}"' in browser.text
        assert what in browser.text[browser.text.index(f'id="line-{line}"') :]
    assert "<script>alert" not in browser.text
    assert browser.fields()["document"].splitlines() == text.splitlines()
    browser.send("plan", {"document": '{"a": 1,\n}'})
    assert 'href="#line-2"' in browser.text


def test_a_document_is_planned_and_submitted(site: Site, browser: Browser) -> None:
    """A document without faults shows its plan first and makes a job when it is submitted."""
    browser.show("/new/document")
    browser.send("plan", {"document": json.dumps(ECHO)})
    assert "1 stage, 1 step, 1 task" in " ".join(browser.text.split())
    assert browser.send("submit").status_code == 303
    assert site.client.get("/api/v1/jobs").get_json()["jobs"][0]["name"] == "echo"


TEXTS = st.sampled_from(
    ["", "-1", "1e400", "nan", "9" * 5000, "a/b", "f" * 32, "\0", "²", "1\n2", "${seed}", EVIL, "plan"]
)
NAMES = """min_x seed cell_size engine tree.upload layers.upload layers.layer scenarios.sets scenarios.1.upload
occurrences.label.x species_column job_tags action key document nothing"""
FIELDS = st.dictionaries(st.sampled_from(NAMES.split()), st.lists(TEXTS, max_size=2))
FORMS = st.sampled_from(["richness", "document", "build_grid", "none"])


@settings(max_examples=60, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FIELDS, FORMS)
def test_no_form_harms_the_service(site: Site, fields: dict[str, list[str]], name: str) -> None:
    """Whatever a form holds, the answer is a page or a refusal, and no markup of it is executed."""
    browser = Browser(site.client)
    browser.show("/new/richness")
    browser.address = f"/new/{name}"
    response = browser.send("plan", fields)
    assert response.status_code < 500, response.get_data(as_text=True)
    assert EVIL not in browser.text


def test_layers_of_the_site_are_chosen_by_boxes(tmp_path: Path) -> None:
    """Where the site has data of its own its layers are offered, and what was chosen stays chosen."""
    (tmp_path / "climate.yaml").write_text(DATASET)
    site = Site.make(tmp_path / "data", dataset_dirs=[tmp_path])
    browser = Browser(site.client)
    browser.show("/new/model_species")
    given = {"layers.layer": ["climate/bio1", "climate/bio12"], "ecoregions.layer": "climate/bio12"}
    browser.send("plan", given, {"occurrences": [("points.csv", TABLE)]})
    assert browser.faults() == []
    assert browser.fields().getlist("layers.layer") == ["climate/bio1", "climate/bio12"]
    job = browser.send("submit").headers["Location"].removeprefix("/jobs/")
    inputs = site.client.get(f"/api/v1/jobs/{job}/document").get_json()["inputs"]
    assert inputs["layers"] == {"dataset": "climate", "layers": ["bio1", "bio12"]}
    assert inputs["ecoregions"] == {"dataset": "climate", "layer": "bio12"}
    site.store.close()


def test_why_a_job_is_not_taken_is_told_on_the_form(tmp_path: Path) -> None:
    """A job that no pool can run keeps its form, with the reason, instead of leading to a page of errors."""
    site = Site.make(tmp_path / "data", pools={"small": {"categories": ["utility"]}})
    browser = Browser(site.client)
    browser.show("/new/build_grid")
    response = browser.send("submit", {"cell_size": "7"})
    assert response.status_code == 200
    assert "1 thing to mend" in browser.text
    assert "no pool" in browser.text
    assert browser.fields()["cell_size"] == "7"
    site.store.close()


def test_files_for_a_document_show_their_ids(site: Site, browser: Browser) -> None:
    """Files that come with a document are stored and their ids shown, to be named in it."""
    browser.show("/new/document")
    browser.send("upload", files={"files": [("points.csv", TABLE)]})
    found = re.search(r'<code id="id-(\w+)">', browser.text)
    assert found is not None
    assert site.client.get(f"/api/v1/uploads/{found[1]}").get_json()["name"] == "points.csv"


def test_what_a_document_claims_to_be_made_from_may_be_anything(site: Site, browser: Browser) -> None:
    """A job whose template makes no sense still opens a form."""
    junk = {"layers": {"dataset": "d", "layers": 3}, "occurrences": [[1], {"upload": 3}], "scenarios": {"a": 1}}
    for parameters in (junk, {"min_x": [[1]], "seed": {"a": 1}, "engine": 3, "tree": "x", "layers": [None]}):
        document = {**ECHO, "template": {"name": "richness", "parameters": parameters}}
        job_id = site.submit(document).get_json()["id"]
        browser.show(f"/new?from={job_id}")
        assert browser.address.startswith("/new/richness?from=")


def test_long_documents_show_only_lines_near_faults() -> None:
    """Of a long text the faulty lines and a few around them are shown, gaps marked."""
    text = json.dumps({f"a{number}": number for number in range(500)}, indent=1)
    faults = list(placed([Fault("/a100", ""), Fault("/a400", ""), Fault("/nothing", "")], text))
    assert sorted(each.line for each in faults) == [1, 102, 402]
    lines = list(excerpt(text, faults))
    assert len(lines) == 4 + 7 + 7
    assert [line.number for line in lines if line.gap] == [99, 399]
    assert [line.number for line in lines if line.faults] == [1, 102, 402]
