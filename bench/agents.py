"""Agents and a controller that only seem to be there: they tell the catalog what real ones tell, and ask as often."""

import contextlib
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

from bench.records import (
    CONTROLLER,
    HOSTS,
    POOLS,
    SLOTS,
    Record,
    allocation_record,
    demand_record,
    manager_record,
    managers,
    slot_states,
    told,
    until_change,
)
from lmsvc.cctools.catalog import CatalogClient, CatalogUnreachable
from lmsvc.controller import board, peers
from lmsvc.worker import agent
from lmsvc.worker.hearing import CONTENT, Asking
from lmsvc.worker.report import Report
from lmsvc.worker.share import newest_allocation

MANAGER_SECONDS = 60.0
"""A manager sends its record this often."""
NEWS_SECONDS = 1.0
"""At work an allocation changes this often."""


@dataclass
class Load:
    """What has been asked of a catalog so far.

    Attributes:
        queries: that were answered.
        records: that were sent.
        failures: queries and records that were neither.
    """

    queries: int = 0
    records: int = 0
    failures: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, name: str) -> None:
        """Note one more."""
        with self._lock:
            setattr(self, name, getattr(self, name) + 1)

    def copy(self) -> "Load":
        """Return what it is now."""
        with self._lock:
            return Load(self.queries, self.records, self.failures)


class Line:
    """One client of the catalog whose calls are counted, and never fail."""

    def __init__(self, port: int, load: Load) -> None:
        """Speak to the catalog at a port of this machine."""
        self._client = CatalogClient("127.0.0.1", port, agent.CATALOG_TIMEOUT_SECONDS)
        self._load = load

    def ask(self, types: Collection[str]) -> list[Record]:
        """Return the records of some types; none where there is no answer."""
        try:
            found = self._client.query(types)
        except CatalogUnreachable:
            self._load.count("failures")
            return []
        self._load.count("queries")
        return found

    def tell(self, record: Record) -> None:
        """Send a record."""
        try:
            self._client.update(record)
        except CatalogUnreachable:
            self._load.count("failures")
        else:
            self._load.count("records")


class SeemingAgent:
    """Asks and tells as `lmsvc.worker.agent.Agent` does, of slots that there are none of."""

    def __init__(self, line: Line, pool: str, host: int, *, busy: bool) -> None:
        """Be the agent of a pool on a host."""
        self._line, self._pool, self._host, self._busy = line, pool, host, busy
        self._serial = 0
        self._asking = Asking(line.ask)
        self._content: Record = {}
        self._told: tuple[float, Report | None] = (float("-inf"), None)
        self._next_query = time.monotonic() + (host * 0.618034 % 1) * agent.REST_SECONDS

    def look(self) -> float:
        """Do what is due; return the seconds until more is."""
        if time.monotonic() >= self._next_query:
            self._hear(self._asking.ask(time.monotonic(), self._hear) or [])
            self._next_query = time.monotonic() + (agent.BUSY_SECONDS if self._busy else agent.REST_SECONDS)
        now = time.monotonic()
        report = Report(self._serial, SLOTS, slot_states(self._pool, self._host, now, busy=self._busy))
        last, shown = self._told
        gap = agent.REPORT_GAP_SECONDS if report != shown else agent.REPORT_SECONDS
        if now - last >= gap:
            self._line.tell(told(self._pool, self._host, report))
            self._told, gap = (now, report), agent.REPORT_SECONDS
        change = until_change(self._host, now) if self._busy else agent.REPORT_SECONDS
        due = min(self._next_query, self._told[0] + gap, now + change)
        return max(0.0, due - time.monotonic()) + agent.GATHER_SECONDS

    def _hear(self, records: list[Record]) -> bool:
        """Take the pool's allocation; return whether there is one that says what the last one said."""
        found = newest_allocation(records, self._pool, {CONTROLLER})
        if found is None:
            return False
        before, self._content = self._content, {name: found.get(name) for name in CONTENT}
        self._serial = int(found["serial"])
        return self._content == before


class SeemingController:
    """Looks and tells as `lmsvc.controller.board.Board` does where one controller leads."""

    def __init__(self, line: Line, *, busy: bool) -> None:
        """Be the controller of all pools."""
        self._line, self._busy = line, busy
        self._serial = 0
        self._due = dict.fromkeys(("look", "demand", "allocation", "manager"), 0.0)

    def look(self) -> float:
        """Do what is due; return the seconds until more is."""
        work = {"look": self._look, "demand": self._demand, "allocation": self._allocate, "manager": self._register}
        for name, pause in self._pauses().items():
            if time.monotonic() >= self._due[name]:
                self._due[name] = time.monotonic() + pause
                work[name]()
        return max(0.0, min(self._due[name] for name in self._pauses()) - time.monotonic())

    def _pauses(self) -> dict[str, float]:
        if not self._busy:
            return {
                **{"look": board.LOOK_SECONDS_IDLE, "demand": peers.REPEAT_SECONDS},
                "allocation": board.REPEAT_SECONDS,
            }
        often = {"look": board.LOOK_SECONDS_BUSY, "demand": peers.NEWS_SECONDS, "allocation": NEWS_SECONDS}
        return {**often, "manager": MANAGER_SECONDS}

    def _look(self) -> None:
        self._line.ask(board.LED)

    def _demand(self) -> None:
        self._line.tell(demand_record(busy=self._busy))

    def _allocate(self) -> None:
        self._serial += self._busy
        for pool in POOLS:
            self._line.tell(allocation_record(pool, 1 + self._serial, busy=self._busy))

    def _register(self) -> None:
        for manager in (manager for pool in POOLS for manager in managers(pool)):
            self._line.tell(manager_record(manager))


@contextlib.contextmanager
def seeming_cluster(port: int, *, busy: bool) -> Iterator[Load]:
    """Keep agents and a controller asking and telling the catalog at a port, each in a thread of its own."""
    load, stop = Load(), threading.Event()
    lookers: Sequence[Callable[[], float]] = [
        SeemingController(Line(port, load), busy=busy).look,
        *(SeemingAgent(Line(port, load), pool, host, busy=busy).look for pool in POOLS for host in range(HOSTS)),
    ]
    threads = [threading.Thread(target=_keep_looking, args=(look, stop), daemon=True) for look in lookers]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _keep_looking(look: Callable[[], float], stop: threading.Event) -> None:
    while not stop.wait(look()):
        pass
