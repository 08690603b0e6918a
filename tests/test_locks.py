"""Locks on files: one holder at a time, and none once the holder is gone."""

import os
import threading
from pathlib import Path

from lmsvc.locks import held, try_to_hold

SECONDS = 10.0


def test_one_holds_a_file_at_a_time(tmp_path: Path) -> None:
    """The second try is refused until the first descriptor is closed."""
    fd = try_to_hold(tmp_path / "lock")
    assert fd is not None
    assert try_to_hold(tmp_path / "lock") is None
    os.close(fd)
    again = try_to_hold(tmp_path / "lock")
    assert again is not None
    os.close(again)


def test_holding_waits_for_who_holds(tmp_path: Path) -> None:
    """Whoever waits goes on when the lock is free, and holds it then."""
    path, got, done = tmp_path / "lock", threading.Event(), threading.Event()

    def wait_and_hold() -> None:
        with held(path):
            got.set()
            done.wait(SECONDS)

    with held(path):
        other = threading.Thread(target=wait_and_hold)
        other.start()
        assert not got.wait(0.2)
    assert got.wait(SECONDS)
    assert try_to_hold(path) is None
    done.set()
    other.join(SECONDS)
    fd = try_to_hold(path)
    assert fd is not None
    os.close(fd)
