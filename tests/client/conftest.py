"""Fixtures: a web service that the tests share."""

from collections.abc import Iterator

import pytest

from tests.web.server import Server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a web service in a process of its own."""
    with Server.start(tmp_path_factory.mktemp("web") / "data") as started:
        yield started
