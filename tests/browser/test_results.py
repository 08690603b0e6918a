"""Results looked at in a browser: maps, tables, pictures, texts; nothing of them is executed."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from lmsvc.examples.synthetic import write_example
from lmsvc.jobs.states import ItemState, JobState
from lmsvc.store.records import ItemRecord, StepProgress
from tests.browser.conftest import OpenWindow
from tests.browser.looking import PHONE
from tests.web.server import Server
from tests.web.site import A_JOB, Site

EVIL = "<script>window.hurt=1</script>\"'><img src=x onerror=window.hurt=1>"
SQUARE = [[[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]]
TABLE = "species;cells;range\n" + "".join(f"Fictia {n};{n};{n / 2}\n" for n in range(60))


def _features() -> bytes:
    features = [
        {
            "type": "Feature",
            "properties": {"richness": n, "alpha": n * 2.5, "name": EVIL},
            "geometry": {"type": "Polygon", "coordinates": [[[x + 10 * n, y] for x, y in SQUARE[0]]]},
        }
        for n in range(5)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def _with_results(site: Site, folder: Path) -> str:
    """Put an ended job with a raster, features, a table and a text into the store."""
    write_example(folder)
    job_id = site.running(replace(A_JOB, name="A virtual island"))
    contents = {
        "grid/layer/temperature.tif": (folder / "temperature.tif").read_bytes(),
        "map/geojson/sites.geojson": _features(),
        "map/table/table.csv": TABLE.encode(),
        "map/report/report.json": b'{"method": "maxent", "auc": 0.9}',
    }
    files = [site.output(job_id, path, content) for path, content in contents.items()]
    site.store.save_outputs(job_id, files)
    assert site.store.transition(job_id, JobState.SUCCEEDED, 2e9, expected=JobState.RUNNING, owner="tests")
    return job_id


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


def test_rasters_and_features_are_maps(server: Server, window: OpenWindow, tmp_path: Path) -> None:
    """A GeoTIFF is drawn in its place over coastlines with a scale; features are coloured by a chosen number."""
    job_id = _with_results(server.site, tmp_path / "example")
    there = window(server.url)
    there.page.goto(f"/jobs/{job_id}")
    expect(there.page.locator("canvas.leaflet-image-layer")).to_be_visible()
    assert _colours(there.page) > 20
    expect(there.page.locator("path.coast").first).to_be_attached()
    there.page.locator(".ground").hover()
    expect(there.page.locator(".scale")).to_contain_text(re.compile(r"at \d+\.\d+° [NS]"))
    there.shot("map-raster")
    there.page.get_by_label("Map of").select_option(index=1)
    expect(there.page.get_by_label("coloured by")).to_be_visible()
    expect(there.page.locator(".scale")).to_contain_text("4")
    there.page.get_by_label("coloured by").select_option("alpha")
    expect(there.page.locator(".scale")).to_contain_text("10")
    there.shot("map-features")
    assert there.page.evaluate("window.hurt") is None


def test_files_are_looked_at_in_place(server: Server, window: OpenWindow, tmp_path: Path) -> None:
    """A table shows its first rows, a report its text, below their lines; the same pages stand alone."""
    job_id = _with_results(server.site, tmp_path / "example")
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
    files = [site.output(job_id, f"a/b/{name}", EVIL.encode(), EVIL) for name in ("x.txt", "x.csv", "x.geojson")]
    site.store.save_outputs(job_id, files)
    error = {"detail": EVIL}
    assert site.store.transition(job_id, JobState.FAILED, 2e9, expected=JobState.RUNNING, owner="tests", error=error)
    there = window(server.url)
    pages = ("/", f"/jobs/{job_id}", f"/jobs/{job_id}/step?step=say", f"/jobs/{job_id}/files")
    for path in (*pages, f"/jobs/{job_id}/files/a/b/x.txt", f"/jobs/{job_id}/files/a/b/x.csv"):
        there.page.goto(path)
        expect(there.page.locator("main")).to_contain_text("<script>window.hurt=1")
        assert there.page.evaluate("window.hurt") is None, path
    there.shot("evil-file")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible_and_fit_a_phone(
    server: Server, window: OpenWindow, tmp_path: Path, scheme: Literal["light", "dark"]
) -> None:
    """No page breaks a rule of WCAG 2.2 AA that axe-core can check, or scrolls sideways on a phone."""
    job_id = _with_results(server.site, tmp_path / "example")
    failed = server.site.ended(JobState.FAILED, error={"detail": "1 of 12 items failed"})
    server.site.store.record_items(failed, [ItemRecord("s", 1, ItemState.FAILED, "H. alba", "no", 1, stderr_tail="no")])
    there = window(server.url, color_scheme=scheme, viewport=PHONE)
    pages = {
        **{"jobs": "/", "job": f"/jobs/{job_id}", "failed": f"/jobs/{failed}"},
        **{"step": f"/jobs/{job_id}/step?step=say", "files": f"/jobs/{job_id}/files"},
        **{"file": f"/jobs/{job_id}/files/map/table/table.csv", "pools": "/pools", "tools": "/tools"},
        **{"tool": "/tools/create_sdm", "new": "/new", "form": "/new/clean_occurrences", "docs": "/docs"},
    }
    found = {}
    for name, path in pages.items():
        there.page.goto(path)
        if broken := there.violations() + there.too_wide():
            found[name] = broken
        there.shot(f"phone-{scheme}-{name}")
    assert found == {}, json.dumps(found, indent=1)


def test_pages_are_used_by_keyboard_alone(server: Server, window: OpenWindow, tmp_path: Path) -> None:
    """Tab leads from the skip link over search and states to a job, Enter opens it, and its details open."""
    job_id = _with_results(server.site, tmp_path / "example")
    there = window(server.url)
    there.page.goto("/")
    there.page.keyboard.press("Tab")
    expect(there.page.locator(".skip")).to_be_focused()
    for _ in range(30):
        there.page.keyboard.press("Tab")
        if there.page.evaluate("document.activeElement.textContent") == "A virtual island":
            break
    there.page.keyboard.press("Enter")
    there.page.wait_for_url(f"**/jobs/{job_id}")
    there.page.get_by_text("Copy as curl").focus()
    there.page.keyboard.press("Enter")
    expect(there.page.get_by_text(f"/api/v1/jobs/{job_id}/document").first).to_be_visible()
