"""The catalog's measure: agents that only seem to be there behave as real ones."""

import contextlib
import importlib
import os
import re
import time
from collections.abc import Collection, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from bench import agents, records
from bench.context import Bench, Options, environment_of
from bench.measures import MEASURES
from bench.ports import Ports
from bench.processes import TooSlow
from bench.raw import INSTALLED_OPTIONS, RawCatalog, installed_catalog
from lmsvc.cctools.catalog import CatalogClient
from lmsvc.controller.agents import read_agents
from lmsvc.controller.leader import granted, is_readable
from lmsvc.web.board import hosts_by_pool
from lmsvc.worker import agent, share

measure = importlib.import_module("bench.measures.catalog")
ROLE = Path(__file__).parents[2] / "roles" / "catalog"


class Heard(agents.Line):
    """A line to a catalog that answers with what it was told."""

    def __init__(self) -> None:
        """Begin with nothing told."""
        self.told: list[records.Record] = []
        self.asked: list[float] = []

    def ask(self, types: Collection[str]) -> list[records.Record]:
        """Note the moment, and return the records of some types."""
        self.asked.append(time.monotonic())
        return [record for record in self.told if record["type"] in types]

    def tell(self, record: records.Record) -> None:
        """Take a record as if it came from a controller."""
        self.told.append({**record, "address": records.CONTROLLER})


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Give a bench that works below a directory of the test's."""
    return Bench(Options(quick=True), tmp_path, environment_of(None), slots=1, ports=Ports(22600, 22699))


def test_the_catalog_is_started_as_the_role_starts_it() -> None:
    """The options beside places and names are those of the unit, with the role's own defaults."""
    unit = (ROLE / "templates" / "lmsvc-catalog.container.j2").read_text(encoding="utf-8")
    lifetime = re.search(r"^catalog_lifetime_seconds: (\d+)$", (ROLE / "defaults" / "main.yml").read_text(), re.M)
    words = re.search(r"^Exec=(.*)$", unit, re.MULTILINE)
    assert lifetime and words
    given = dict(re.findall(r"(-\w) ({{ \w+ }}\S*|\S+)", words[1]))
    own = {name: value for name, value in given.items() if name not in ("-p", "-u", "-n", "-H")}
    assert own == {"-U": "30", "-l": "{{ catalog_lifetime_seconds }}"}
    assert ("-U", "30", "-l", lifetime[1]) == INSTALLED_OPTIONS


def test_what_is_told_is_what_controllers_and_pages_read() -> None:
    """An agent at work shows every slot with its manager; the allocation gives these slots to these managers."""
    line = Heard()
    for host in range(records.HOSTS):
        agents.SeemingAgent(line, "sdm", host, busy=True).look()
    found = read_agents(line.told)
    assert [(report.slots, report.at_work, report.wanted) for report in found] == [(records.SLOTS,) * 3] * records.HOSTS
    allocation = records.allocation_record("sdm", 7, busy=True)
    assert is_readable(allocation)
    assert granted(allocation["managers"]) == {report.host: report.slots for report in found}
    for report in found:
        shares = {entry[0]: slots for entry, slots in share.listed(allocation, report.host).items()}
        assert shares == report.working
    views = hosts_by_pool(line.told)["sdm"]
    assert sum(view.busy for view in views) > 0.9 * records.SLOTS * records.HOSTS


def test_managers_records_are_those_that_agents_join() -> None:
    """Each manager that a controller registers is known to the allocation by project and port."""
    line = Heard()
    agents.SeemingController(line, busy=True).look()
    (allocation,) = [record for record in line.told if record.get("uuid") == "allocation-sdm"]
    entries = share.entries(allocation)
    joined = share.registered_managers(line.told, {records.CONTROLLER}, entries)
    assert len(entries) == records.JOBS
    assert entries.keys() <= joined.keys()


def test_slots_at_work_begin_one_task_after_the_other() -> None:
    """In one turn each slot has one task after another; between two changes that are foretold nothing changes."""
    now = 1000.0
    first = records.slot_states("sdm", 3, now, busy=True)
    while now < 1000.0 + records.TURN_SECONDS:
        pause = records.until_change(3, now)
        assert 0 < pause <= records.TURN_SECONDS
        still = records.slot_states("sdm", 3, now + 0.9 * pause, busy=True)
        assert still == records.slot_states("sdm", 3, now + 0.1 * pause, busy=True)
        assert still != records.slot_states("sdm", 3, now + pause + 1e-6, busy=True)
        now += pause + 1e-6
    later = records.slot_states("sdm", 3, now, busy=True)
    assert all(one["task"] != two["task"] for one, two in zip(first, later, strict=True) if two["task"])


@pytest.mark.parametrize("busy", [False, True])
def test_an_agent_asks_as_often_as_a_real_one(busy: bool) -> None:
    """Between two queries lies the pause of the real agent; records follow news, but not more often than its gap."""
    line = Heard()
    line.tell(records.allocation_record("sdm", 1, busy=busy))
    one = agents.SeemingAgent(line, "sdm", 0, busy=busy)
    told: list[float] = []
    end = time.monotonic() + 1.6
    while time.monotonic() < end:
        before = len(line.told)
        rest = one.look()
        told += [time.monotonic()] * (len(line.told) - before)
        time.sleep(rest)
    pause = agent.BUSY_SECONDS if busy else agent.REST_SECONDS
    assert all(later - sooner >= pause for sooner, later in pairwise(line.asked))
    assert len(line.asked) >= 3
    assert all(later - sooner > 0.9 * agent.REPORT_GAP_SECONDS for sooner, later in pairwise(told))
    assert len(told) == 1 if not busy else len(told) >= 2


@pytest.mark.cctools
def test_a_real_catalog_holds_the_seeming_cluster(bench: Bench, tmp_path: Path) -> None:
    """After a moment the catalog has a record of each agent and manager, and an allocation of each pool."""
    with installed_catalog(bench, tmp_path) as server, agents.seeming_cluster(server.port, busy=True) as load:
        want = {"lm_agent": 50, "wq_master": 10, "lm_allocation": 2, "lm_demand": 1}
        end, counts = time.monotonic() + 20, dict[str, int]()
        while counts != want and time.monotonic() < end:
            time.sleep(0.2)
            counts = {name: len(server.client.query([name])) for name in want}
    assert counts == want
    assert load.queries > 0 and load.records >= sum(want.values())


@pytest.mark.cctools
@pytest.mark.slow
def test_the_catalog_is_measured_at_rest(bench: Bench) -> None:
    """The first row has a part of a core, the promise about it, and how much was asked for that."""
    row = next(MEASURES["catalog"](bench))
    assert row.unit == "%" and 0 < row.samples.median < 100
    assert [promise.bound for promise in row.promises] == [20]
    queries = re.match(r"(\d+) queries and (\d+) records a second, \d+ failed in all, for 3 s", row.note)
    assert queries and int(queries[1]) >= 70


def test_a_machine_too_busy_to_ask_says_so(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the seeming agents ask far less often than meant there is no figure but the reason."""
    monkeypatch.setattr(measure, "seeming_cluster", idle_cluster)
    monkeypatch.setattr(measure, "installed_catalog", nothing)
    monkeypatch.setattr(measure, "SETTLE_SECONDS", 0.0)
    with pytest.raises(TooSlow, match=r"0 queries and 0 records a second, 0 failed in all.*100 queries"):
        next(MEASURES["catalog"](bench))


@contextlib.contextmanager
def nothing(*_: object) -> Iterator[RawCatalog]:
    """Give this process for a catalog."""
    yield RawCatalog(CatalogClient("127.0.0.1", 1), 1, os.getpid())


@contextlib.contextmanager
def idle_cluster(port: int, *, busy: bool) -> Iterator[agents.Load]:
    """Ask and tell nothing."""
    del port, busy
    yield agents.Load()
