"""Pools as the service shows them: bounds, slots by host, tasks, the last action, drained and lost hosts."""

import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from lmsvc.cctools.catalog import CatalogClient
from lmsvc.cli.site import pools_text
from lmsvc.heartbeats import Heartbeat, write_heartbeat
from lmsvc.web.told import Tasks, allocations, tasks, trusted
from tests.web.asking import body
from tests.web.catalog import CATALOG_PORT, catalog_server, metrics_of
from tests.web.site import Site

pytestmark = [
    pytest.mark.cctools,
    pytest.mark.skipif(shutil.which("catalog_server") is None, reason="catalog_server is not installed"),
]
HEARD = 1_795_000_000
PAGE = {"sdm": {"slots": {"min": 1, "max": 12}, "cores": 2, "gpus": 1, "image": "site/maxent:3"}, "rest": {"slots": 0}}
ALLOCATION: Mapping[str, Any] = {
    "type": "lm_allocation",
    "uuid": "allocation-sdm",
    "port": 0,
    "lifetime": 120,
    "pool": "sdm",
    "serial": 7,
    "managers": {},
    "keep": {"beta": 3},
    "action": {"time": HEARD, "from": 1, "to": 3, "reason": "grew from 1 to 3: 14 tasks wait"},
    "lost": {"delta": HEARD + 60, "beta": HEARD},
}
MANAGER = {"project": "lm-sdm-a-s-0-1", "pool": "sdm", "tasks": 16, "running": 2, "waited": 41.0}
DEMAND: Mapping[str, Any] = {
    "type": "lm_demand",
    "uuid": "demand-alpha",
    "port": 0,
    "lifetime": 60,
    "host": "alpha",
    "managers": [MANAGER, {**MANAGER, "tasks": 1, "running": 1}],
}


def agent(host: str, slots: int = 2) -> dict[str, Any]:
    """Return the record of an agent one of whose slots has a task."""
    each = [{"slot": f"{host}-{number}", "state": "idle", "task": None} for number in range(slots)]
    each[0] |= {"state": "working", "task": "lm-sdm-a-s-0-1/s.1.0000"}
    head = {"type": "lm_agent", "uuid": f"agent-{host}-sdm", "port": 0, "lifetime": 120}
    return {**head, "pool": "sdm", "host": host, "slots_wanted": slots, "slots": each}


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[CatalogClient]:
    """Give a catalog server."""
    with catalog_server(tmp_path / "catalog") as client:
        yield client


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Give a web service with a pools page on which a host is drained, and a controller that beats."""
    page = tmp_path / "pools.json"
    page.write_text(json.dumps({"pools": PAGE}))
    (tmp_path / "drained.json").write_text(json.dumps({"hosts": ["gamma"]}))
    made = Site.make(tmp_path / "data", catalog_port=CATALOG_PORT, pools_file=page, controllers=["192.0.2.1"])
    made.paths.make()
    yield made
    made.store.close()


def beat(site: Site, address: str = "127.0.0.1") -> None:
    """Let a controller say where it is."""
    write_heartbeat(site.paths.controllers, Heartbeat("alpha", time.time(), address=address))


def shown(site: Site, as_wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Return the pools by name once they are as wanted."""
    end = time.monotonic() + 15
    while True:
        found = {pool["name"]: pool for pool in body(site.client.get("/api/v1/pools"))["pools"]}
        if as_wanted(found):
            return found
        assert time.monotonic() < end, found
        time.sleep(0.1)


def test_a_pool_shows_all_that_is_known_of_it(site: Site, catalog: CatalogClient) -> None:
    """Bounds come from the page, slots from agents, tasks and the last action from controllers, at most 3 s old."""
    beat(site)
    for record in (agent("beta"), agent("gamma", 1), dict(ALLOCATION), dict(DEMAND)):
        catalog.update(record)
    started = time.monotonic()
    found = shown(site, lambda pools: len(pools["sdm"]["hosts"]) == 2 and pools["sdm"]["tasks_running"] == 3)
    assert time.monotonic() - started < 3
    sdm = found["sdm"]
    assert (sdm["min"], sdm["max"], sdm["cores"], sdm["gpus"], sdm["image"]) == (1, 12, 2, 1, "site/maxent:3")
    assert (sdm["wanted"], sdm["idle"], sdm["busy"]) == (3, 1, 2)
    states = [(host["host"], host["wanted"], host["busy"], host["serves"], host["drained"]) for host in sdm["hosts"]]
    assert states == [("beta", 3, 1, True, False), ("gamma", 0, 1, False, True)]
    assert (sdm["tasks_waiting"], sdm["tasks_running"]) == (14, 3)
    assert 41 <= sdm["oldest_waiting_seconds"] < 60
    assert sdm["last_action"]["reason"] == "grew from 1 to 3: 14 tasks wait"
    assert [host["host"] for host in sdm["lost"]] == ["delta"]
    assert (found["rest"]["max"], found["rest"]["last_action"], found["rest"]["tasks_waiting"]) == (0, None, 0)
    assert body(site.client.get("/api/v1/pools"))["drained"] == ["gamma"]


def test_metrics_pages_and_command_line_show_the_same(site: Site, catalog: CatalogClient) -> None:
    """What the interface tells stands in the metrics, on the jobs page and in the table of `lmsvc pools`."""
    beat(site)
    for record in (agent("beta"), dict(ALLOCATION), dict(DEMAND)):
        catalog.update(record)
    found = shown(site, lambda pools: pools["sdm"]["tasks_running"] == 3 and pools["sdm"]["busy"] == 1)
    metrics = metrics_of(site)
    assert metrics['lmsvc_pool_bounds{bound="max",pool="sdm"}'] == 12
    assert metrics['lmsvc_host_slots{host="beta",pool="sdm",state="wanted"}'] == 3
    assert metrics['lmsvc_tasks{pool="sdm",state="waiting"}'] == 14
    assert metrics['lmsvc_task_oldest_waiting_seconds{pool="sdm"}'] >= 41
    scaled = 'lmsvc_pool_scaled_timestamp_seconds{pool="sdm",reason="grew from 1 to 3: 14 tasks wait"}'
    assert metrics[scaled] == HEARD
    assert (metrics["lmsvc_drained_hosts"], metrics['lmsvc_lost_hosts{pool="sdm"}']) == (1, 1)
    page = site.client.get("/", headers={"Accept": "text/html"}).get_data(as_text=True)
    table = pools_text(list(found.values()))
    for text in (page, table):
        assert "grew from 1 to 3: 14 tasks wait" in text
        assert "host delta not heard since 20" in text
    assert "1 of 2 slots busy, up to 12" in page
    assert "scaled to 0 slots" in page
    assert "1..12" in table
    assert "beta 1/3" in table
    assert "sdm: each slot has 1 GPU" in table


def test_what_others_than_controllers_say_is_not_shown(site: Site, catalog: CatalogClient) -> None:
    """Nobody's word on actions and tasks counts but that of an address a controller has told of itself."""
    for record in (agent("beta"), dict(ALLOCATION), dict(DEMAND)):
        catalog.update(record)
    beat(site, "192.0.2.7")
    sdm = shown(site, lambda pools: bool(pools["sdm"]["hosts"]))["sdm"]
    assert (sdm["last_action"], sdm["lost"], sdm["tasks_waiting"], sdm["wanted"]) == (None, [], 0, 2)


@pytest.mark.parametrize("damage", [{"pool": None}, {"keep": 7}, {"action": {"time": 1}}, {"lost": {"x": "y"}}])
def test_damaged_allocations_leave_the_last_good_one(damage: dict[str, Any]) -> None:
    """A record that cannot be read shows nothing in place of what is known."""
    good = {**ALLOCATION, "lastheardfrom": 1.0}
    found = allocations([{**good, "lastheardfrom": 2.0, **damage}, good])
    assert found["sdm"].keep == {"beta": 3}


def test_tasks_of_all_controllers_are_added_up() -> None:
    """Numbers are sums; the oldest age is the largest, and grows with the age of its record."""
    other = {**DEMAND, "lastheardfrom": 98.0, "managers": [{"pool": "sdm", "tasks": 2, "waited": 44.0}]}
    damaged = {**DEMAND, "managers": [{"pool": "sdm"}]}
    found = tasks([{**DEMAND, "lastheardfrom": 100.0}, other, damaged], 101.0)
    assert found == {"sdm": Tasks(16, 3, 47.0)}


def test_only_records_from_controllers_are_trusted() -> None:
    """The address, which the catalog sets, decides."""
    records = [{"address": "10.0.0.1"}, {"address": "10.0.0.9"}, {}]
    assert trusted(records, {"10.0.0.1"}) == [{"address": "10.0.0.1"}]
