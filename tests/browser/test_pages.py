"""Every page: accessible in light and dark, whole on a phone, used by keyboard alone."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenWindow
from tests.browser.looking import ARTIFACTS, DESK, PHONE, Window
from tests.browser.populated import Populated
from tests.web.people import token_of
from tests.web.server import Server

WORKFLOWS = ("model_species", "richness", "richness_significance", "mcpa", "clean_occurrences", "map_records")
EVERYWHERE: Mapping[str, str] = {
    **{"jobs": "/", "jobs-none": "/?q=nothing+fits", "pools": "/pools", "tools": "/tools", "tool": "/tools/create_sdm"},
    **{"new": "/new", **{f"new-{name}": f"/new/{name}" for name in WORKFLOWS}, "new-tool": "/new/create_sdm"},
    **{"new-document": "/new/document", "account": "/account", "notices": "/notices", "docs": "/docs"},
    **{"not-found": "/jobs/aaaaaaaaaa", "bad-query": "/?state=no-state"},
}
MOST_STOPS = 400


@pytest.fixture(scope="module")
def populated(guarded: Server, tmp_path_factory: pytest.TempPathFactory) -> Populated:
    """Fill a service with a job of each kind."""
    return Populated.of(guarded.site, tmp_path_factory.mktemp("example"), "ada")


@pytest.fixture(scope="module")
def token(guarded: Server) -> str:
    """Give the token of an administrator."""
    return token_of(guarded.site.store, "ada", admin=True, scopes=["read", "submit", "admin"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible_and_fits_a_phone(
    guarded: Server, populated: Populated, token: str, window: OpenWindow, scheme: Literal["light", "dark"]
) -> None:
    """No page breaks a rule of WCAG 2.2 AA that axe-core can check, or scrolls sideways on a phone."""
    there, found = window(guarded.url, color_scheme=scheme, viewport=PHONE), dict[str, list[str]]()
    there.page.goto("/sign-in")
    found["sign-in"] = there.violations() + there.too_wide()
    there.shot(f"phone-{scheme}-sign-in")
    there.sign_in(token)
    for name, path in {**EVERYWHERE, **populated.pages}.items():
        there.page.goto(path)
        found[name] = there.violations() + there.too_wide()
        there.shot(f"phone-{scheme}-{name}")
        there.page.set_viewport_size(DESK)
        found[f"{name} on a desk"] = there.too_wide()
        there.shot(f"desk-{scheme}-{name}")
        there.page.set_viewport_size(PHONE)
    broken = {name: faults for name, faults in found.items() if faults}
    (ARTIFACTS / f"violations-{scheme}.json").write_text(json.dumps(broken, indent=1))
    assert broken == {}


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_what_is_opened_is_accessible_too(
    guarded: Server, populated: Populated, token: str, window: OpenWindow, viewport: dict[str, int]
) -> None:
    """With all details open, and with a share link, a job's page and a form have no fault either."""
    there = window(guarded.url, viewport={"width": viewport["width"], "height": viewport["height"]})
    there.sign_in(token)
    for path in (f"/jobs/{populated.failed}", f"/jobs/{populated.done}", "/new/richness"):
        there.page.goto(path)
        there.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert there.violations() + there.too_wide() == [], path


def test_words_stay_in_their_boxes(guarded: Server, populated: Populated, token: str, window: OpenWindow) -> None:
    """However long a step's name and large its numbers, they do not stick out of its box or of the time line."""
    there = window(guarded.url)
    there.sign_in(token)
    for job_id in (populated.busy, populated.failed, populated.done):
        there.page.goto(f"/jobs/{job_id}")
        assert there.page.locator(".node text").count() == 14
        assert _sticking_out(there) == []


def _sticking_out(there: Window) -> list[str]:
    script = """() => {
        const out = [];
        const check = (text, room) => {
            const [words, box] = [text.getBoundingClientRect(), room.getBoundingClientRect()];
            const inside = words.left >= box.left - 1 && words.right <= box.right + 1;
            if (words.width && !inside) out.push(`${text.textContent}: ${words.right - box.right} px`);
        };
        for (const node of document.querySelectorAll(".node")) {
            for (const text of node.querySelectorAll("text")) check(text, node.querySelector("rect.box"));
        }
        for (const text of document.querySelectorAll(".timeline text")) check(text, text.closest("svg"));
        return out;
    }"""
    return [str(each) for each in there.page.evaluate(script)]


PAGES_BY_KEYBOARD = ("/", "/new", "/new/richness", "/new/document", "/pools", "/account", "{failed}", "{done}")


@pytest.mark.parametrize("path", PAGES_BY_KEYBOARD)
def test_everything_is_reached_by_tab(
    guarded: Server, populated: Populated, token: str, window: OpenWindow, path: str
) -> None:
    """Tab goes over everything that can be used, in the order of the page, each with a visible frame."""
    there = window(guarded.url)
    there.sign_in(token)
    there.page.goto(path.format(failed=f"/jobs/{populated.failed}", done=f"/jobs/{populated.done}"))
    if there.page.locator("[data-maps]").count():
        expect(there.page.locator("canvas.leaflet-image-layer")).to_be_visible()
    there.page.evaluate(NUMBER_STOPS)
    stops = list[int]()
    for _ in range(MOST_STOPS):
        there.page.keyboard.press("Tab")
        stop = there.page.evaluate(STOP)
        if stop is None:
            break
        assert stop["framed"], stop
        stops.append(int(stop["number"]))
    wanted = there.page.evaluate("window.stops.map((each, n) => n).filter(n => window.stops[n].tabIndex >= 0)")
    assert stops == sorted(stops)
    assert [
        there.page.evaluate("n => window.stops[n].outerHTML.slice(0, 90)", n) for n in wanted if n not in stops
    ] == []


NUMBER_STOPS = """() => {
    const all = "a[href], button, input, select, textarea, summary, [tabindex='0']";
    window.stops = [...document.querySelectorAll(all)].filter(
        (each) => each.checkVisibility() && !each.disabled && each.getAttribute("type") !== "hidden");
}"""
STOP = """() => {
    const here = document.activeElement;
    if (!here || here === document.body) return null;
    const style = getComputedStyle(here);
    const framed = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    return { number: window.stops.indexOf(here), framed, is: here.outerHTML.slice(0, 120) };
}"""


def test_the_skip_link_leads_past_the_navigation(guarded: Server, token: str, window: OpenWindow) -> None:
    """The first stop of a page is seen when it is reached, and leads to the content."""
    there = window(guarded.url)
    there.sign_in(token)
    there.page.goto("/tools")
    there.page.keyboard.press("Tab")
    skip = there.page.locator(".skip")
    expect(skip).to_be_focused()
    box = skip.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    there.page.keyboard.press("Enter")
    there.page.keyboard.press("Tab")
    assert there.page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_a_file_is_given_by_keyboard(guarded: Server, token: str, window: OpenWindow, tmp_path: Path) -> None:
    """The place for files is a stop of its own; the space bar there asks for a file, which is uploaded."""
    table = tmp_path / "few.csv"
    table.write_text("species,x,y\nFicus,1,2\n")
    there = window(guarded.url)
    there.sign_in(token)
    there.page.goto("/new/map_records")
    there.page.get_by_label("Name of the job").focus()
    for _ in range(20):
        there.page.keyboard.press("Tab")
        if there.page.evaluate("document.activeElement.id") == "occurrences":
            break
    assert there.page.evaluate("document.activeElement.id") == "occurrences"
    with there.page.expect_file_chooser(timeout=10_000) as chooser:
        there.page.keyboard.press("Space")
    chooser.value.set_files(table)
    expect(there.page.locator("[data-slot=occurrences] .keep")).to_contain_text("few.csv")


def test_a_job_is_opened_and_deleted_by_keyboard(guarded: Server, token: str, window: OpenWindow) -> None:
    """From the list Enter opens a job; there details open, and deleting asks once more."""
    job_id = guarded.site.ended()
    there = window(guarded.url)
    there.sign_in(token)
    there.page.goto("/")
    there.page.locator(f"#job-{job_id} .name > a").focus()
    there.page.keyboard.press("Enter")
    there.page.wait_for_url(f"**/jobs/{job_id}")
    there.page.get_by_text("Copy as curl").focus()
    there.page.keyboard.press("Enter")
    expect(there.page.get_by_text(f"/api/v1/jobs/{job_id}/document").first).to_be_visible()
    there.page.locator("#delete summary").focus()
    there.page.keyboard.press("Enter")
    there.page.keyboard.press("Tab")
    there.page.keyboard.press("Enter")
    there.page.wait_for_url(guarded.url + "/")
    expect(there.page.locator(f"#job-{job_id}")).to_have_count(0)
