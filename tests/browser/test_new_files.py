"""Files of a new job in a browser: uploaded at once, going on after a break, dropped, in sets; pages for everybody."""

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import FilePayload, Route, expect

from tests.browser.conftest import OpenWindow
from tests.browser.looking import PATIENCE_MS, PHONE, Window
from tests.web.server import Server

TABLE = b"taxon;lon;lat;who\nFictia alba;1;2;Ada\n"
LARGE_BYTES = 40_000_000
PATHS = ("/new/richness_significance", "/new/create_sdm", "/new/document")


def _large(folder: Path) -> Path:
    path = folder / "large.tif"
    with path.open("wb") as file:
        file.write(b"first")
        file.truncate(LARGE_BYTES)
    return path


def _held(there: Window, slot: str) -> list[str]:
    boxes = there.page.locator(f"[data-slot='{slot}'] .held input[type=checkbox]")
    return [str(box.get_attribute("value")) for box in boxes.all()]


def test_a_broken_upload_goes_on_after_the_page_was_loaded_again(
    server: Server, window: OpenWindow, tmp_path: Path
) -> None:
    """What had arrived before the connection broke is not sent again, also not by a page that was loaded anew."""
    large, there, broken = _large(tmp_path), window(server.url), list[str]()

    def break_after_the_first_part(route: Route) -> None:
        if route.request.headers.get("upload-offset", "0") == "0":
            route.fallback()
        else:
            broken.append(route.request.headers["upload-offset"])
            route.abort()

    there.page.route("**/api/v1/tus/*", break_after_the_first_part)
    there.page.goto("/new/create_stat_heatmap")
    with there.page.expect_event("requestfailed"):
        there.page.locator("#base_layer").set_input_files(large)
    there.page.unroute("**/api/v1/tus/*")
    assert broken
    sent = list[str]()
    there.page.on("request", lambda request: sent.append(request.headers.get("upload-offset", request.method)))
    there.page.goto("/new/create_stat_heatmap")
    there.page.locator("#base_layer").set_input_files(large)
    expect(there.page.locator("[data-slot=base_layer] .keep")).to_contain_text("large.tif", timeout=PATIENCE_MS)
    assert "POST" not in sent
    assert "0" not in sent
    (upload,) = _held(there, "base_layer")
    with server.client() as client:
        assert client.get(f"/api/v1/uploads/{upload}").json()["size"] == LARGE_BYTES
    there.faults.clear()


def test_the_form_waits_for_its_files(server: Server, window: OpenWindow, tmp_path: Path) -> None:
    """A form that is submitted while a file is on its way is sent once the file is there, with it."""
    large, there = _large(tmp_path), window(server.url)
    there.page.goto("/new/map_records")
    there.page.locator("#base_layer").set_input_files(large)
    there.page.locator("#occurrences").set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": TABLE})
    there.page.get_by_role("button", name="Submit", exact=True).click()
    there.page.wait_for_url("**/jobs/*")
    with server.client() as client:
        job = client.get("/api/v1/jobs").json()["jobs"][0]
        document = client.get(f"/api/v1/jobs/{job['id']}/document").json()
    assert set(document["inputs"]) == {"base_layer", "occurrences"}


def test_a_dropped_table_offers_its_columns(server: Server, window: OpenWindow) -> None:
    """A table dropped on its place is shown; the columns found are marked, and another one may be chosen."""
    there = window(server.url)
    there.page.goto("/new/map_records")
    data = there.page.evaluate_handle(
        "text => {const d = new DataTransfer(); d.items.add(new File([text], 'a.csv')); return d}", TABLE.decode()
    )
    there.page.locator("[data-slot=occurrences]").dispatch_event("drop", {"dataTransfer": data})
    chosen = there.page.locator("[data-preview=occurrences] th.chosen")
    expect(chosen).to_have_text(["taxon", "lon", "lat"])
    there.page.locator("#species_column").select_option("who")
    expect(chosen).to_have_text(["lon", "lat", "who"])
    there.shot("new-job-columns")


def test_sets_grow_and_a_wrong_table_says_why(server: Server, window: OpenWindow) -> None:
    """With files in the last set there is a place for the next; a picture as a table is told to be none."""
    there = window(server.url)
    there.page.goto("/new/model_species")
    for number in (1, 2):
        file: FilePayload = {"name": f"{number}.tif", "mimeType": "image/tiff", "buffer": b"%d" % number}
        there.page.locator(f"[id='scenarios.{number}']").set_input_files([file])
        expect(there.page.locator(f"[data-slot='scenarios.{number}'] .keep")).to_have_count(1)
    expect(there.page.locator("[data-slot='scenarios.3']")).to_be_visible()
    picture: FilePayload = {"name": "a.csv", "mimeType": "text/csv", "buffer": b"\x89PNG\0"}
    there.page.locator("#occurrences").set_input_files([picture])
    expect(there.page.locator("[data-preview=occurrences] .fault")).to_contain_text("no text table")


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_everybody_can_use_faulty_forms(server: Server, window: OpenWindow, colours: Literal["light", "dark"]) -> None:
    """Axe finds nothing against WCAG AA where faults are shown, and on a phone nothing scrolls sideways."""
    there = window(server.url, viewport=PHONE, color_scheme=colours)
    for path in PATHS:
        there.page.goto(path)
        there.page.get_by_role("button", name="plan").first.click()
        expect(there.page.locator(".failure")).to_be_visible()
        assert there.violations() + there.too_wide() == [], path
    there.shot(f"faulty-{colours}")
