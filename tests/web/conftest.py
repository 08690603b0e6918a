"""Fixtures: web services."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis

from lmsvc.web.tus import PART_TYPE
from tests.web.server import Server
from tests.web.site import Site

schemathesis.serializer.alias(PART_TYPE, "application/octet-stream")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Give a web service with an empty database, called without a network."""
    made = Site.make(tmp_path / "data")
    yield made
    made.store.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a web service in a gunicorn process, as `lmsvc web` starts it, that tests share."""
    with Server.start(tmp_path_factory.mktemp("web") / "data") as started:
        yield started
