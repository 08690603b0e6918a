"""Bounds from the page and the command line, drained hosts, and what is said of them."""

import base64
import json
from typing import Any

import pytest

from lmsvc.pools import DrainedFile, PoolsFile
from plugins.filter.scaling import (
    drained_after,
    drained_newest,
    pools_bounded,
    pools_bounds,
    pools_page,
    pools_refusals,
    pools_report,
    pools_scaled,
    tasks_on,
)
from tests.ansible.tree import EXAMPLE, table

PAGE: dict[str, dict[str, Any]] = {
    "rest": {"cores": 1, "slots": {"min": 1, "max": 6}},
    "sdm": {"cores": 1, "slots": {"min": 1, "max": 3}},
}


def file(*hosts: str, changed: float = 0.0) -> str:
    """Return a file of drained hosts as slurp gives it."""
    return base64.b64encode(json.dumps({"hosts": hosts, "changed": changed}).encode()).decode()


def host(name: str, wanted: int, busy: int) -> dict[str, Any]:
    """Return a host as the service shows it, with one slot at work per task."""
    slots = [{"slot": f"s{number}", "state": "busy", "task": f"lm-sdm-1/{number}"} for number in range(busy)]
    return {"host": name, "wanted": wanted, "idle": wanted - busy, "busy": busy, "slots": slots}


def test_one_number_is_both_bounds() -> None:
    """A page may write a plain number; what is no pool is left for preflight to find."""
    written: dict[str, Any] = {
        "a": {"slots": 4},
        "b": {"slots": {"min": 0, "max": 2}},
        "c": {"slots": True},
        "d": "word",
    }
    page = pools_page(written)
    assert pools_bounds({name: page[name] for name in "ab"}) == {"a": {"min": 4, "max": 4}, "b": {"min": 0, "max": 2}}
    assert (page["c"], page["d"]) == ({"slots": True}, "word")


def test_the_service_reads_what_the_example_writes() -> None:
    """The page of a copied example is valid for the service, with the same bounds."""
    page = pools_page(table(EXAMPLE / "group_vars" / "all" / "pools.yml")["site_pools"])
    read = PoolsFile.model_validate_json(json.dumps({"pools": page})).pools
    assert {name: pool.slots.model_dump() for name, pool in read.items()} == pools_bounds(page)


def test_the_service_reads_drained_hosts() -> None:
    """The time of the change, which playbooks compare, does not disturb it."""
    text = json.dumps(drained_after([file()], ["gamma"], [], 7.0))
    assert DrainedFile.model_validate_json(text).hosts == {"gamma"}


@pytest.mark.parametrize(
    ("least", "most", "bounds"),
    [
        ("", "12", {"min": 1, "max": 12}),
        ("2", "12", {"min": 2, "max": 12}),
        ("", "0", {"min": 0, "max": 0}),
        ("5", "", {"min": 5, "max": 5}),
        (0, "", {"min": 0, "max": 3}),
        ("", "", {"min": 1, "max": 3}),
    ],
)
def test_one_pool_gets_other_bounds(least: str | int, most: str | int, bounds: dict[str, int]) -> None:
    """A bound that is not given gives way to the one that is; every other pool stays as it is."""
    scaled = pools_scaled(PAGE, "sdm", least, most)
    assert scaled == PAGE | {"sdm": PAGE["sdm"] | {"slots": bounds}}


def test_a_page_changes_bounds_alone() -> None:
    """Sizes come with site.yml, which restarts workers; pools on one side alone are no matter."""
    page = {"sdm": {"cores": 8, "slots": {"min": 0, "max": 9}}, "new": {"cores": 1, "slots": {"min": 1, "max": 1}}}
    assert pools_bounded(PAGE, page) == {"rest": PAGE["rest"], "sdm": {"cores": 1, "slots": {"min": 0, "max": 9}}}


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("", "", ""), []),
        (("sdm", "", "4"), []),
        (("sdm", "", ""), ["say how many slots: -e slots_max=12, -e slots_min=2 or both"]),
        (("", "", "4"), ["say which pool: -e pool=NAME"]),
        (("sdn", "", "4"), ["there is no pool sdn; pools.yml has rest, sdm"]),
        (("sdm", "", "-1"), ["slots_max is -1: write a number"]),
        (("sdm", "5", "4"), ["slots_min 5 is above slots_max 4"]),
    ],
)
def test_words_that_say_nothing_are_refused(words: tuple[str, str, str], refusal: list[str]) -> None:
    """Each fault of a command line is named with what to write."""
    assert pools_refusals(PAGE, *words) == refusal


def test_drained_hosts_come_and_go() -> None:
    """Each change keeps the hosts that it does not name."""
    both = drained_after([file("beta", changed=1)], ["gamma"], [], 2.0)
    assert both == {"hosts": ["beta", "gamma"], "changed": 2.0}
    assert drained_after([file(*both["hosts"], changed=2)], [], ["beta"], 3.0) == {"hosts": ["gamma"], "changed": 3.0}


def test_draining_a_drained_host_changes_nothing() -> None:
    """Not even the time: the playbook says that nothing changed."""
    assert drained_after([file("gamma", changed=1)], ["gamma"], [], 9.0) == {"hosts": ["gamma"], "changed": 1.0}


def test_the_latest_word_counts() -> None:
    """A controller that was away while a host was undrained, or that has just come, takes what the others know."""
    assert drained_newest([file("gamma", changed=1), file(changed=2), ""])["hosts"] == []
    assert drained_newest(["", file("gamma", changed=1)])["hosts"] == ["gamma"]
    assert drained_newest([]) == drained_newest(["bm9uZQ=="]) == {"hosts": [], "changed": 0.0}


def test_what_still_runs_is_named() -> None:
    """Tasks on the hosts that are asked about, and on no other."""
    answer = [{"name": "sdm", "hosts": [host("beta", 0, 1), host("gamma", 2, 2)]}]
    assert tasks_on(answer, ["beta"]) == ["beta, pool sdm: lm-sdm-1/0"]


def test_the_report_has_each_host_before_and_after() -> None:
    """Also a host that came or went, and a line with the sums beside the bounds."""
    before = [{"name": "sdm", "hosts": [host("alpha", 1, 0), host("gone", 1, 1)]}]
    after = [{"name": "sdm", "hosts": [host("alpha", 2, 1), host("new", 1, 0)]}]
    rows = [line.split() for line in pools_report(before, after, {"sdm": {"min": 1, "max": 4}}).splitlines()[1:]]
    assert rows == [
        ["sdm", "alpha", "1", "2", "1"],
        ["sdm", "gone", "1", "0", "0"],
        ["sdm", "new", "0", "1", "0"],
        ["sdm", "all", "2", "3", "1", "1", "4"],
    ]
