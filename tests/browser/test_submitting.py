"""Jobs submitted in a browser: by the form of a workflow, as a document with faults, without a script."""

import csv
import re
import zipfile
from pathlib import Path

from playwright.sync_api import expect

from lmsvc.examples.synthetic import write_example
from tests.browser.conftest import OpenWindow
from tests.browser.looking import Window
from tests.service.running import RunningService

JOB_MS = 600_000
SPECIES = 2
LAYERS = ("temperature.tif", "rain.tif")
FAULTY = """{
  "name": "Faulty",
  "steps": {
    "one": {"run": "no_such_tool", "in": {}},
    "two": {"run": "echo_text", "in": {"text": {"value": 7}}}
  },
  "outputs": ["three/text"]
}"""


def _few_species(folder: Path) -> Path:
    """Return the example's records of the first species alone, so that a test need not model all."""
    write_example(folder)
    with (folder / "occurrences.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = list(dict.fromkeys(row["scientificName"] for row in rows))[:SPECIES]
    few = folder / "few.csv"
    with few.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(row for row in rows if row["scientificName"] in names)
    return few


def _submit(there: Window) -> None:
    there.page.get_by_role("button", name="Submit", exact=True).click()
    there.page.wait_for_url(re.compile(r"/jobs/[a-z2-7]{10}$"))


def test_the_demo_goes_from_form_to_map(service: RunningService, window: OpenWindow, tmp_path: Path) -> None:
    """A workflow is picked, files are given, the plan is looked at; the job is watched, mapped and downloaded."""
    records = _few_species(tmp_path / "example")
    there = window(service.url)
    there.page.goto("/")
    there.page.get_by_role("link", name="New job", exact=True).click()
    there.page.get_by_role("link", name="Model every species of a table").click()
    there.page.locator("#occurrences").set_input_files(records)
    expect(there.page.locator("[data-preview=occurrences] th").first).to_be_visible()
    there.page.locator("#layers").set_input_files([tmp_path / "example" / name for name in LAYERS])
    there.page.get_by_role("button", name="Show the plan").click()
    expect(there.page.locator("#plan")).to_contain_text("create_sdm")
    there.shot("new-job-plan")
    _submit(there)
    there.page.evaluate("window.loadedOnce = true")
    expect(there.page.locator("h1 .chip")).to_have_text("succeeded", timeout=JOB_MS)
    assert there.page.evaluate("window.loadedOnce") is True
    expect(there.page.locator("canvas.leaflet-image-layer")).to_be_visible()
    expect(there.page.locator(".ticks span").first).to_be_visible()
    there.shot("demo-job")
    there.shot("demo-job-top", 1075)
    with there.page.expect_download() as download:
        there.page.get_by_role("link", name="Download package").click()
    with zipfile.ZipFile(download.value.path()) as package:
        models = [name for name in package.namelist() if re.match(r"outputs/model/model/.*\.tif$", name)]
    assert len(models) == SPECIES


def test_every_fault_of_a_document_is_shown_at_its_line(service: RunningService, window: OpenWindow) -> None:
    """A pasted document with faults is not taken; each of them stands at the line that it is in."""
    there = window(service.url)
    there.page.goto("/new")
    there.page.get_by_role("link", name="Paste a job document").click()
    there.page.get_by_label("Document").fill(FAULTY)
    there.page.get_by_role("button", name="Submit", exact=True).click()
    faults = there.page.locator(".faults li")
    for line, text in ((4, "no_such_tool"), (5, "text"), (7, "three")):
        expect(faults.filter(has_text=f"Line {line}").first).to_contain_text(text)
        expect(there.page.locator(f"#line-{line}.faulty")).to_be_visible()
    expect(there.page.get_by_label("Document")).to_have_value(FAULTY)
    there.shot("faulty-document")


def test_a_job_is_submitted_without_a_script(service: RunningService, window: OpenWindow, tmp_path: Path) -> None:
    """With JavaScript off the form takes a file, the job runs, and its page reloads itself until it is over."""
    records = _few_species(tmp_path / "example")
    plain = window(service.url, java_script_enabled=False)
    plain.page.goto("/new/clean_occurrences")
    plain.page.locator("#occurrences").set_input_files(records)
    _submit(plain)
    expect(plain.page.locator("h1 .chip")).to_have_text("succeeded", timeout=JOB_MS)
    plain.page.get_by_role("link", name=re.compile("Look at .*csv")).first.click()
    expect(plain.page.locator("#preview th").first).to_be_visible()
    plain.shot("without-script")
