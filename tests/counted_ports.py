"""Ports below those that outgoing connections get, counted up: no two tests have the same, also in parallel runs."""

import itertools
import os
from collections.abc import Iterator

APART = 2000
"""Between the ports of two processes that run tests side by side."""


def counted_ports(first: int, step: int = 2) -> Iterator[int]:
    """Yield ports from ``first`` on, further up in the second process of a parallel run, and so on."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return itertools.count(first + APART * number, step)
