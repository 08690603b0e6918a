"""Fixtures: one browser for all, windows in it, services to look at."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, Unpack

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.looking import Look, Window
from tests.service.running import RunningService
from tests.web.people import SITE_TOKEN
from tests.web.server import Server

CHROMIUM = Path("/usr/bin/chromium")
SOON_MS = 30_000
"""How long a page may take to show what is expected: five times the longest pause between two of its questions."""

ARGUMENTS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
)


class OpenWindow(Protocol):
    """Opens a window at a service."""

    def __call__(self, address: str, **look: Unpack[Look]) -> Window:
        """Open a window whose addresses begin with `address`."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let everything in this directory run in `make test-browser` alone."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give a headless Chromium that tests share."""
    expect.set_options(timeout=SOON_MS)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield started
        started.close()


@pytest.fixture
def window(browser: Browser) -> Iterator[OpenWindow]:
    """Give a way to open windows, each with cookies of its own; what goes wrong in one fails the test."""
    opened: list[Window] = []

    def open_window(address: str, **look: Unpack[Look]) -> Window:
        opened.append(Window.of(browser, address, **look))
        return opened[-1]

    yield open_window
    for each in opened:
        each.close()


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """Give a whole service that tests share."""
    running = RunningService(tmp_path_factory.mktemp("service"), {"PATH": os.environ["PATH"]})
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a web service alone, over a store that the tests of a module fill."""
    with Server.start(tmp_path_factory.mktemp("web") / "data") as started:
        yield started


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a web service that asks who is there, for the tests of a module."""
    root = tmp_path_factory.mktemp("guarded")
    (root / "token").write_text(SITE_TOKEN)
    with Server.start(root / "data", LMSVC_TOKEN_FILE=str(root / "token")) as started:
        yield started
