"""Results looked at in a browser: maps, tables, pictures, texts; nothing of them is executed."""

import re
from dataclasses import replace
from urllib.parse import quote

import pytest
from playwright.sync_api import FilePayload, Page, expect

from lmsvc.jobs.states import ItemState, JobState
from lmsvc.store.records import ItemRecord, StepProgress
from tests.browser.conftest import OpenWindow
from tests.browser.populated import features, with_results
from tests.web.server import Server
from tests.web.site import A_JOB

EVIL_NAME = "<img src=x onerror=window.hurt=1>"
EVIL = "<script>window.hurt=1</script>\"'><img src=x onerror=window.hurt=1>"


@pytest.fixture(scope="module")
def job_id(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give an ended job with maps, a table and a report."""
    return with_results(server.site, tmp_path_factory.mktemp("example"))


def _colours(page: Page) -> int:
    """Return how many colours the raster on the map has."""
    script = """() => {
        const canvas = document.querySelector("canvas.leaflet-image-layer");
        if (!canvas) return 0;
        const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        const seen = new Set();
        for (let n = 0; n < data.length; n += 4) if (data[n + 3]) seen.add(data.slice(n, n + 3).join());
        return seen.size;
    }"""
    return int(page.evaluate(script))


def test_rasters_and_features_are_maps(server: Server, job_id: str, window: OpenWindow) -> None:
    """A GeoTIFF is drawn in its place over coastlines with a scale; features are coloured by a chosen number."""
    there = window(server.url)
    there.page.goto(f"/jobs/{job_id}")
    expect(there.page.locator("canvas.leaflet-image-layer")).to_be_visible()
    assert _colours(there.page) > 20
    expect(there.page.locator("path.coast").first).to_be_attached()
    there.page.locator(".ground").hover()
    expect(there.page.locator(".scale")).to_contain_text(re.compile(r"at \d+\.\d+° [NS]"))
    there.shot("map-raster")
    there.page.get_by_label("Map of").select_option(label="map/geojson: sites.geojson")
    expect(there.page.get_by_label("coloured by")).to_be_visible()
    expect(there.page.locator(".scale .what")).to_have_text("Colours show richness")
    expect(there.page.locator(".ticks span")).to_have_text(["0", "1", "2", "3", "4"])
    there.page.get_by_label("coloured by").select_option("alpha")
    expect(there.page.locator(".scale .what")).to_have_text("Colours show alpha")
    expect(there.page.locator(".ticks span").last).to_have_text("10")
    there.shot("map-features")
    assert there.page.evaluate("window.hurt") is None


def test_a_scale_has_numbers_and_a_unit_and_no_data_stays_clear(
    server: Server, job_id: str, window: OpenWindow
) -> None:
    """Below a raster stand its smallest, largest and round values in the file's unit; cells without data are clear."""
    there = window(server.url)
    there.page.goto(f"/jobs/{job_id}/files/grid/layer/warm.tif")
    expect(there.page.locator(".scale .what")).to_have_text(re.compile(r"in °C$"))
    expect(there.page.locator(".ticks span")).to_have_text(["3", "10", "20", "30"])
    expect(there.page.locator(".scale")).to_contain_text("Where nothing is drawn there is no data.")
    alphas = """() => {
        const pen = document.querySelector("canvas.leaflet-image-layer").getContext("2d");
        return [...pen.getImageData(0, 0, 3, 3).data].filter((value, n) => n % 4 === 3);
    }"""
    assert there.page.evaluate(alphas) == [0, 0, 255, 255, 255, 255, 0, 255, 255]
    there.page.locator(".ground").focus()
    there.page.keyboard.press("ArrowUp")
    expect(there.page.locator(".scale .value")).to_contain_text(re.compile(r"(°C|no data) at \d"))
    there.shot("map-unit")


def test_files_are_looked_at_in_place(server: Server, job_id: str, window: OpenWindow) -> None:
    """A table shows its first rows, a report its text, below their lines; the same pages stand alone."""
    there = window(server.url)
    there.page.goto(f"/jobs/{job_id}")
    there.page.get_by_role("link", name="Look at table.csv").click()
    expect(there.page.locator(".results th")).to_have_text(["species", "cells", "range"])
    there.page.get_by_role("link", name="Look at report.json").click()
    expect(there.page.locator(".results pre")).to_contain_text("maxent")
    there.page.get_by_role("link", name="Look at report.json").click()
    expect(there.page.locator(".results pre")).to_have_count(0)
    there.page.get_by_role("link", name="table.csv", exact=True).click()
    expect(there.page.locator("#preview tbody tr")).to_have_count(40)
    expect(there.page.get_by_text("This is its beginning only")).to_be_visible()
    there.shot("file-table")


def test_what_users_wrote_stays_text(server: Server, window: OpenWindow) -> None:
    """Markup in names, tags, labels, reasons, logs, tables and file contents is shown and never run."""
    site = server.site
    job_id = site.running(replace(A_JOB, name=EVIL, tags=(EVIL,)))
    site.store.save_steps(job_id, [StepProgress(step=EVIL, tool="echo_text", category="c", failed=1, total=1)])
    site.store.record_items(
        job_id, [ItemRecord(EVIL, 1, ItemState.FAILED, EVIL, EVIL, 1, None, EVIL, EVIL, (EVIL,), EVIL)]
    )
    site.bundle(job_id, "say.1.0000", {0: (EVIL, EVIL)})
    names = ("x.txt", "x.csv", f"{EVIL_NAME}.txt")
    files = [site.output(job_id, f"a/b/{name}", EVIL.encode(), None if name[0] == "<" else EVIL) for name in names]
    files.append(site.output(job_id, "a/b/x.geojson", features(EVIL), EVIL))
    site.store.save_outputs(job_id, files)
    error = {"detail": EVIL}
    assert site.store.transition(job_id, JobState.FAILED, 2e9, expected=JobState.RUNNING, owner="tests", error=error)
    there = window(server.url)
    pages = ("/", f"/jobs/{job_id}", f"/jobs/{job_id}/step?step=say", f"/jobs/{job_id}/files")
    others = (f"/jobs/{job_id}/items", f"/jobs/{job_id}/files/a/b/{quote(EVIL_NAME)}.txt")
    for path in (*pages, *others, f"/jobs/{job_id}/files/a/b/x.txt", f"/jobs/{job_id}/files/a/b/x.csv"):
        there.page.goto(path)
        expect(there.page.locator("main")).to_contain_text("<script>window.hurt=1")
        assert there.page.evaluate("window.hurt") is None, path
    expect(there.page.locator("img")).to_have_count(0)
    there.shot("evil-file")


def test_the_name_of_an_uploaded_file_stays_text(server: Server, window: OpenWindow) -> None:
    """A file whose name is markup is uploaded under that name, shown as it is, and its cells are text as well."""
    name = f"{EVIL_NAME}.csv"
    table: FilePayload = {"name": name, "mimeType": "text/csv", "buffer": f"species,x,y\n{EVIL_NAME},1,2\n".encode()}
    there = window(server.url)
    there.page.goto("/new/map_records")
    there.page.locator("#occurrences").set_input_files([table])
    expect(there.page.locator("[data-slot=occurrences] .keep")).to_contain_text(name)
    expect(there.page.locator("[data-preview=occurrences] td").first).to_have_text(EVIL_NAME)
    assert there.page.evaluate("window.hurt") is None
