"""Fixtures: web services."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.server import Server
from tests.web.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Give a web service with an empty database, called without a network."""
    made = Site.make(tmp_path / "data")
    yield made
    made.store.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Give a web service in a gunicorn process of its own, as `lmsvc web` starts it."""
    with Server.start(tmp_path / "data") as started:
        yield started
