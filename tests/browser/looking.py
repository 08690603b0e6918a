"""Looking at pages: a browser's window that notices what goes wrong in it, and screenshots that are kept."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize, expect

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = ROOT / "test-artifacts"
AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
PHONE: ViewportSize = {"width": 390, "height": 800}
DESK: ViewportSize = {"width": 1280, "height": 900}
PATIENCE_MS = 120_000
EXPECTED = re.compile(r"status of 4\d\d|Failed to fetch")
"""What is no fault of a page: an answer that refuses, and a question that was cut off because the window went on."""

WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")


class Look(TypedDict, total=False):
    """How a window differs from a light one on a desk."""

    viewport: ViewportSize
    color_scheme: Literal["light", "dark"]
    java_script_enabled: bool


@dataclass
class Window:
    """A window of a browser with cookies of its own, and the faults its pages told the console."""

    context: BrowserContext
    page: Page
    faults: list[str] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        browser: Browser,
        address: str,
        **look: Unpack[Look],
    ) -> "Window":
        """Open a window whose addresses begin with `address`."""
        context = browser.new_context(
            base_url=address,
            viewport=look.get("viewport", DESK),
            color_scheme=look.get("color_scheme", "light"),
            java_script_enabled=look.get("java_script_enabled", True),
        )
        context.set_default_timeout(PATIENCE_MS)
        window = cls(context, context.new_page())
        window.page.on("console", window._told)
        window.page.on("pageerror", lambda error: window.faults.append(f"error: {error}"))
        window.page.on("request", lambda request: window._asks(request.url, address))
        return window

    def _told(self, message: ConsoleMessage) -> None:
        """Keep what the browser complains of: faults of scripts and whatever the content security policy refused."""
        if message.type == "error" and not EXPECTED.search(message.text):
            self.faults.append(f"console: {message.text}")

    def _asks(self, url: str, address: str) -> None:
        if not url.startswith((address, "data:", "blob:", "about:")):
            self.faults.append(f"asked another host: {url}")

    def shot(self, name: str, height: int | None = None) -> None:
        """Keep a picture of the whole page, or of so many pixels from its top."""
        ARTIFACTS.mkdir(exist_ok=True)
        path = ARTIFACTS / f"{name}.png"
        if height is None:
            self.page.screenshot(path=path, full_page=True)
        else:
            width = self.page.evaluate("document.documentElement.clientWidth")
            self.page.screenshot(path=path, full_page=True, clip={"x": 0, "y": 0, "width": width, "height": height})

    def sign_in(self, token: str, path: str = "/") -> None:
        """Sign in with a token; lead to a page of the service."""
        self.page.goto(path)
        self.page.get_by_label("Token").fill(token)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("button", name="Sign out")).to_be_visible()

    def close(self) -> None:
        """Close it; what went wrong in it fails the test."""
        self.context.close()
        assert self.faults == [], "; ".join(self.faults)

    def too_wide(self) -> list[str]:
        """Return what makes the page as a whole scroll sideways: the beginnings of elements that stick out."""
        script = """() => {
            const width = document.documentElement.clientWidth;
            if (document.documentElement.scrollWidth <= width) return [];
            const scrolls = (element) =>
                element && (getComputedStyle(element).overflowX !== "visible" || scrolls(element.parentElement));
            return [...document.querySelectorAll("body *")]
                .filter((each) => each.getBoundingClientRect().right > width + 1 && !scrolls(each.parentElement))
                .map((each) => `too wide: ${each.outerHTML.slice(0, 120)}`);
        }"""
        return [str(each) for each in self.page.evaluate(script)][:5]

    def violations(self) -> list[str]:
        """Return what axe-core finds against WCAG 2.2 AA: rule, and the first elements that break it."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate(
            "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})", WCAG
        )
        return [_said(violation) for violation in found["violations"]]


def _said(violation: Mapping[str, Any]) -> str:
    nodes = [f"{node['html'][:160]} {node.get('failureSummary', '')[:300]}" for node in violation["nodes"][:3]]
    return f"{violation['id']}: {nodes}"
