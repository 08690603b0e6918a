"""Fixtures: running services."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.service.running import RunningService

ServiceFactory = Callable[..., RunningService]


@pytest.fixture(scope="session")
def shared_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """Give a service that tests share; none of them may harm it."""
    service = RunningService(tmp_path_factory.mktemp("service"))
    service.start()
    yield service
    service.stop()


@pytest.fixture
def service(shared_service: RunningService) -> RunningService:
    """Give the shared service."""
    return shared_service


@pytest.fixture
def own_service(tmp_path: Path) -> Iterator[ServiceFactory]:
    """Give a way to start a service of one's own with settings of one's own."""
    started: list[RunningService] = []

    def make(prefix: Sequence[str] = (), **settings: object) -> RunningService:
        service = RunningService(tmp_path / f"data{len(started)}", None, prefix, **settings)
        started.append(service)
        service.start()
        return service

    yield make
    for service in started:
        service.stop()
