"""Python's garbage, collected when the controller chooses, not in the middle of a decision.

A full collection looks at every object there is: beside the models of a service that took up to 170 ms, more than all
else of a decision about a thousand jobs. Young objects are still collected as Python does.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG, MIDDLE, NEVER = 10_000, 20, 1_000_000
"""Thresholds of the three generations (see `gc.set_threshold`); the last one is reached by `collect` alone."""


@contextmanager
def collected_by_hand() -> Iterator[None]:
    """Let nothing but `collect` look at all objects; those that there are now are not looked at any more."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, NEVER)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def collect() -> None:
    """Free what is unreachable now."""
    gc.collect()
