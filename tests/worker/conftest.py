"""Fixtures of the worker's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import trixie
from tests.counted_ports import counted_ports
from tests.worker.lab import Lab

_ports = counted_ports(20200)
_manager_ports = counted_ports(20400, 1)


@pytest.fixture(params=["debian", "trixie"])
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lab]:
    """A catalog of either CCTools release, and nothing else yet."""
    if request.param == "trixie" and (reason := trixie.missing()):
        pytest.skip(reason)
    one = Lab(tmp_path, next(_ports), request.param)
    yield one
    one.end()


@pytest.fixture
def port() -> Iterator[int]:
    """A port for a manager, used by no other test."""
    yield next(_manager_ports)
