"""The pools page: read from settings or files, again when they change, and kept while they are damaged."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from lmsvc.pools import PoolsPage
from lmsvc.settings import PoolSettings, Settings


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        """Begin at some moment."""
        self.now = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


class Files:
    """The files of a pools page and the page that reads them."""

    def __init__(self, directory: Path) -> None:
        """Begin without files."""
        self.path = directory / "pools.json"
        self.clock = Clock()
        self.page = PoolsPage(Settings(pools_file=self.path), self.clock)

    def write(self, pools: Mapping[str, Any], drained: object = None) -> None:
        """Replace the files and let time pass."""
        self.put(self.path, json.dumps({"pools": pools}))
        if drained is not None:
            self.put(self.path.with_name("drained.json"), json.dumps({"hosts": drained}))

    def put(self, path: Path, text: str) -> None:
        """Replace one file, as an installer does, and let time pass."""
        path.with_suffix(".new").write_text(text)
        path.with_suffix(".new").rename(path)
        self.clock.now += 1.0

    def slots(self) -> dict[str, tuple[int, int]]:
        """Return the bounds of every pool."""
        return {name: (pool.slots.min, pool.slots.max) for name, pool in self.page.pools().items()}


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Give a page without files."""
    return Files(tmp_path)


def test_one_number_of_slots_is_both_bounds() -> None:
    """A plain number is the least and the most; it survives the environment of another process."""
    pool = PoolSettings.model_validate({"slots": 3})
    assert (pool.slots.min, pool.slots.max) == (3, 3)
    assert PoolSettings.model_validate_json(pool.model_dump_json()) == pool
    assert PoolSettings.model_validate({"slots": {"max": 3}}).slots.min == 0


@pytest.mark.parametrize("slots", [-1, True, "3", {"min": 3, "max": 2}, {"max": -1}, {"most": 3}, {}])
def test_impossible_numbers_of_slots_are_refused(slots: object) -> None:
    """Bounds below zero, crossed, of another type or unknown name are faults."""
    with pytest.raises(ValidationError):
        PoolSettings.model_validate({"slots": slots})


def test_without_a_file_the_pools_are_the_settings() -> None:
    """One machine needs no file; no host is drained there."""
    settings = Settings(pools={"own": PoolSettings.model_validate({"slots": 1})})
    page = PoolsPage(settings)
    assert (page.pools(), page.drained()) == (settings.pools, frozenset())


def test_a_changed_file_is_read_again(files: Files) -> None:
    """Pools and drained hosts are as the files say, also after they change or a list of drained hosts goes away."""
    files.write({"sdm": {"slots": 2}}, ["gamma"])
    assert (files.slots(), files.page.drained()) == ({"sdm": (2, 2)}, frozenset({"gamma"}))
    files.write({"sdm": {"slots": {"min": 0, "max": 12}}}, ["beta"])
    assert (files.slots(), files.page.drained()) == ({"sdm": (0, 12)}, frozenset({"beta"}))
    files.path.with_name("drained.json").unlink()
    files.clock.now += 1.0
    assert files.page.drained() == frozenset()


def test_the_files_are_looked_at_once_a_second(files: Files) -> None:
    """Within a second of the last look a change is not noticed."""
    files.write({"sdm": {"slots": 2}})
    assert files.slots() == {"sdm": (2, 2)}
    files.write({"sdm": {"slots": 3}})
    files.clock.now -= 0.5
    assert files.slots() == {"sdm": (2, 2)}


@pytest.mark.parametrize("text", ["", "{", '{"pools": {"sdm": {"slots": -1}}}', '{"pools": {"Not A Name": {}}}', None])
def test_a_damaged_file_keeps_what_held_before(
    files: Files, caplog: pytest.LogCaptureFixture, text: str | None
) -> None:
    """What cannot be read or is wrong, or a file that is gone, changes nothing and is said once; mended, it counts."""
    files.write({"sdm": {"slots": 2}})
    assert files.slots() == {"sdm": (2, 2)}
    if text is None:
        files.path.unlink()
    else:
        files.put(files.path, text)
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            files.clock.now += 1.0
            assert files.slots() == {"sdm": (2, 2)}
    assert len(caplog.records) == 1
    files.write({"sdm": {"slots": 5}})
    assert files.slots() == {"sdm": (5, 5)}


def test_a_page_that_was_never_there_has_no_pools(files: Files) -> None:
    """A service that starts before its page knows no pool rather than one it made up, and finds the page later."""
    assert files.slots() == {}
    files.write({"sdm": {"slots": 2}})
    assert files.slots() == {"sdm": (2, 2)}
