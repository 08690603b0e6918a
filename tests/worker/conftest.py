"""Fixtures of the worker's tests."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import trixie
from tests.worker.lab import Lab

_ports = itertools.count(20200, 2)
_manager_ports = itertools.count(20400)


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
