"""Garbage that the controller collects when it chooses."""

import gc
import weakref

from lmsvc.controller.garbage import collect, collected_by_hand


class Ring:
    """An object that only a collection frees."""

    def __init__(self) -> None:
        """Refer to itself."""
        self.own = self


def test_all_objects_are_looked_at_only_when_asked_for() -> None:
    """Whatever is made meanwhile, no full collection runs; asked for, one frees what has become old."""
    full: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start" and info["generation"] == 2:
            full.append(1)

    with collected_by_hand():
        old = Ring()
        gone = weakref.ref(old)
        gc.callbacks.append(note)
        try:
            kept = [Ring() for _ in range(300_000)]
            del old
            assert not full
            collect()
            assert full == [1]
        finally:
            gc.callbacks.remove(note)
        assert gone() is None
        assert len(kept) == 300_000


def test_python_collects_again_as_before() -> None:
    """Afterwards the thresholds are what they were, and nothing is left out."""
    before = gc.get_threshold()
    with collected_by_hand():
        assert gc.get_threshold() != before
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0
