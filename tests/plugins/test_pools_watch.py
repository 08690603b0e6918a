"""When pools are as they should be."""

from typing import Any

import pytest

from plugins.modules.pools_watch import missing


def pool(*hosts: dict[str, Any], least: int = 1, most: int = 4) -> dict[str, Any]:
    """Return a pool as the service shows it."""
    return {"name": "sdm", "min": least, "max": most, "hosts": list(hosts)}


def host(name: str, wanted: int, idle: int, busy: int, drained: bool = False) -> dict[str, Any]:
    """Return a pool's slots on a host."""
    return {"host": name, "wanted": wanted, "idle": idle, "busy": busy, "drained": drained}


BOUNDS = {"sdm": {"min": 1, "max": 4}}


@pytest.mark.parametrize(
    "hosts",
    [[host("a", 1, 1, 0)], [host("a", 0, 0, 0), host("b", 4, 1, 3)], [host("a", 1, 0, 1), host("b", 0, 0, 2)]],
)
def test_pools_within_bounds_are_fine(hosts: list[dict[str, Any]]) -> None:
    """As many slots are wanted as the bounds allow, and the least are there; a task that is ending may be one more."""
    assert missing([pool(*hosts)], BOUNDS, []) == []


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([], "does not know pool sdm"),
        ([pool(host("a", 1, 1, 0), most=3)], "not read its bounds"),
        ([pool(host("a", 5, 5, 0))], "5 slots are wanted, between 1 and 4 should be"),
        ([pool(host("a", 0, 0, 0))], "0 slots are wanted"),
        ([pool(host("a", 2, 0, 0))], "0 of 2 slots are there"),
    ],
)
def test_what_is_not_so_yet_is_said(found: list[dict[str, Any]], words: str) -> None:
    """One line, which says how it is and how it should be."""
    [text] = missing(found, BOUNDS, [])
    assert words in text


def test_no_slots_are_none() -> None:
    """A pool that is scaled to none is there when none is wanted."""
    assert missing([pool(host("a", 0, 0, 0), least=0, most=0)], {"sdm": {"min": 0, "max": 0}}, []) == []


@pytest.mark.parametrize(
    ("found", "well"),
    [
        (host("a", 0, 0, 0, drained=True), True),
        (host("a", 0, 2, 0, drained=True), True),
        (host("a", 0, 0, 1, drained=True), False),
        (host("a", 1, 1, 0, drained=True), False),
        (host("a", 0, 0, 0), False),
        (host("b", 3, 0, 3), True),
    ],
)
def test_a_host_is_drained_when_it_is_known_to_be_and_nothing_runs(found: dict[str, Any], well: bool) -> None:
    """The service knows it, wants no slot there, and no task runs; other hosts do not matter."""
    assert (missing([pool(found)], {}, ["a"]) == []) is well


def test_a_host_that_is_not_heard_from_is_drained() -> None:
    """Nothing runs on a host that died, as far as anybody can tell."""
    assert missing([pool(host("b", 1, 1, 0))], {}, ["a"]) == []


def test_a_batch_system_is_not_waited_for() -> None:
    """Its slots come when its queue allows; only that the service has read the bounds can be asked for."""
    batch = pool(least=1) | {"backend": "slurm"}
    assert missing([batch], BOUNDS, []) == []
    assert missing([batch | {"max": 3}], BOUNDS, []) == ["pool sdm: the service has not read its bounds yet"]
