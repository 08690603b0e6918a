"""The agent: the one process per pool and host that asks the catalog, tells the slots whom to work for, and reports.

It keeps the slots alive through keeper factories, applies its share of the pool's allocation, keeps the last one while
no controller is heard, and believes only records that come from a controller's address. Everything below it ends with
it.
"""

import os
import select
import signal
import sys
import time
from collections.abc import Sequence

from lmsvc import losses
from lmsvc.cctools.catalog import CatalogClient, CatalogUnreachable, Record
from lmsvc.doorbell import Doorbell, ring
from lmsvc.worker import process, share
from lmsvc.worker.files import PoolFiles, SlotFiles, read_json, write_json
from lmsvc.worker.keepers import Keepers
from lmsvc.worker.options import (
    AgentError,
    Options,
    lock_pool,
    passed_on,
    passwords,
    prepare_slots,
    program,
    read_options,
)
from lmsvc.worker.report import agent_record, live_state, lost

BUSY_SECONDS, REST_SECONDS, EXPECTING_SECONDS = 0.2, 0.5, 0.05
"""Time between two queries: while there is work, at rest, and while a manager just listed has yet to register."""
AFTERGLOW_SECONDS = 10.0
"""After work there is more to come: queries stay frequent for this long."""
EXPECT_FOR_SECONDS = 5.0
FRESH_SECONDS = 30.0
"""An allocation not heard from for this long says nothing any more: the last one stays."""
REPORT_SECONDS, REPORT_GAP_SECONDS = 5.0, 0.2
CATALOG_TIMEOUT_SECONDS = 2.0
GATHER_SECONDS = 0.005
"""Rings that come together are answered together."""
QUERY_TYPES = share.MANAGER_TYPES | {share.ALLOCATION_TYPE}


class Agent:
    """Serves one pool on one host."""

    def __init__(self, options: Options, files: PoolFiles, keepers: Keepers) -> None:
        """Take the pool's last allocation from its file."""
        self._options = options
        self._files = files
        self._keepers = keepers
        self._catalog = CatalogClient(*options.catalog, timeout=CATALOG_TIMEOUT_SECONDS)
        self._passwords = passwords(options).keys()
        self._strange: set[str] = set()
        self._slots = [files.slot(options.host, number) for number in range(1, options.slots + 1)]
        self._allocation: Record = read_json(files.allocation)
        self._refused: dict[str, str] | None = None
        self._managers: dict[tuple[str, int], share.Manager] = {}
        self._heard = True
        self._states: dict[str, Record] = {}
        self._reported: tuple[float, list[Record]] = (0.0, [])
        self._next_query = self._last_work = self._expected_since = 0.0

    def look(self) -> None:
        """Bring slots, catalog and factories in step once."""
        self._keepers.look()
        now = time.monotonic()
        self._states = {slot.name: state for slot in self._slots if (state := live_state(slot))}
        self._refuse()
        if now >= self._next_query:
            self._ask()
            self._refuse()
            self._apply()
            self._next_query = time.monotonic() + self._gap(now)
        self._report(time.monotonic())

    def hurry(self) -> None:
        """Ask the catalog at the next look."""
        self._next_query = 0.0

    @property
    def patience(self) -> float:
        """Seconds until there is something to do at the latest."""
        return max(0.0, self._next_query - time.monotonic())

    def _ask(self) -> None:
        try:
            records = self._catalog.query(QUERY_TYPES)
            if not self._heard:
                _say("the catalog answers again")
            self._heard = True
            self._take(records)
        except CatalogUnreachable as error:
            if self._heard:
                _say(f"{error}; slots stay with their managers")
            self._heard = False
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            _say(f"unreadable record in the catalog: {error!r}")

    def _take(self, records: list[Record]) -> None:
        own = self._options
        found = share.newest_allocation(records, own.pool, own.controllers)
        fresh = self._catalog.fresh([found] if found else [], self._catalog.now(), FRESH_SECONDS)
        entries = share.entries(fresh[0] if fresh else self._allocation)
        registered = share.registered_managers(records, own.controllers, entries)
        vouched = share.listed(fresh[0], own.host) if fresh else {}
        known = ((key, manager) for key, manager in self._managers.items() if key in vouched)
        kept = {key: manager for key, manager in known if share.is_meant(manager, entries[key])}
        self._managers = {**kept, **registered}
        if fresh and any(fresh[0].get(key) != self._allocation.get(key) for key in ("managers", "refuse")):
            self._renew(fresh[0])

    def _renew(self, allocation: Record) -> None:
        share.listed(allocation, self._options.host)
        self._allocation = allocation
        self._expected_since = time.monotonic()
        write_json(self._files.allocation, allocation)

    def _refuse(self) -> None:
        """Tell the slots which tasks no longer run: those of all hosts, and at once those that failed here alone."""
        here = losses.refused(lost(list(self._states.values())))
        refuse = {**here, **self._allocation.get("refuse", {})}
        if refuse != self._refused:
            write_json(self._files.refuse, refuse)
            self._refused = refuse

    def _apply(self) -> None:
        if not self._heard:
            return
        shares = share.listed(self._allocation, self._options.host)
        known = [(self._managers[key], slots) for key, slots in shares.items() if key in self._managers]
        wanted = [share.Wanted(manager, slots) for manager, slots in known if self._may_join(manager)]
        assigned = share.assign([self._view(slot) for slot in self._slots], wanted)
        for slot in self._slots:
            self._tell(slot, assigned[slot.name])

    def _may_join(self, manager: share.Manager) -> bool:
        """Return whether this pool knows the manager's password; where not, say so once."""
        password = manager.get("password")
        if password is None or password in self._passwords:
            return True
        if password not in self._strange:
            self._strange.add(password)
            _say(f"not joined: {manager['project']}, started with another password ({password}) than this pool knows")
        return False

    def _view(self, slot: SlotFiles) -> share.SlotView:
        state = self._states.get(slot.name, {})
        assigned = read_json(slot.assignment).get("manager")
        working, busy = state.get("state", "idle") != "idle", state.get("task") is not None
        return share.SlotView(slot.name, assigned, bool(state), working, busy)

    def _tell(self, slot: SlotFiles, manager: share.Manager | None) -> None:
        if manager:
            self._last_work = time.monotonic()
        if read_json(slot.assignment) != {"manager": manager}:
            slot.make()
            write_json(slot.assignment, {"manager": manager})
            ring(slot.doorbell)

    def _gap(self, now: float) -> float:
        missing = share.listed(self._allocation, self._options.host).keys() - self._managers.keys()
        if missing and now - self._expected_since < EXPECT_FOR_SECONDS:
            return EXPECTING_SECONDS
        return BUSY_SECONDS if now - self._last_work < AFTERGLOW_SECONDS else REST_SECONDS

    def _report(self, now: float) -> None:
        last, shown = self._reported
        states = list(self._states.values())
        if now - last < (REPORT_GAP_SECONDS if states != shown else REPORT_SECONDS):
            return
        self._reported = now, states
        try:
            self._catalog.update(agent_record(self._options, states, self._passwords))
        except CatalogUnreachable:
            self._reported = now, []

    def end(self) -> None:
        """End the slots with all that runs in them, and tell the catalog that there are none here any more."""
        self._keepers.end()
        try:
            self._catalog.update({**agent_record(self._options, [], self._passwords), "slots_wanted": 0, "lifetime": 1})
        except CatalogUnreachable as error:
            _say(str(error))


def _say(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} agent: {text}\n")
    sys.stderr.flush()


def _prepare(options: Options) -> Agent:
    files = PoolFiles(options.pool_dir)
    files.make()
    lock_pool(files)
    prepare_slots(options, files)
    process.adopt_descendants()
    left = process.kill_marked("LMSVC_SLOT_DIR", f"{files.slots}/")
    if left:
        _say(f"killed {len(left)} processes of slots that an earlier agent left")
    for number in range(1, options.slots + 1):
        files.slot(options.host, number).forget_work()
    environment = {**passed_on(), "PATH": os.environ.get("PATH", os.defpath)}
    keepers = Keepers(program("work_queue_factory"), files, environment, options.slots)
    return Agent(options, files, keepers)


def _serve(agent: Agent, bell: Doorbell, slots_bell: Doorbell) -> None:
    poller = select.poll()
    for one in (bell, slots_bell):
        poller.register(one.fileno(), select.POLLIN)
    while True:
        agent.look()
        poller.poll(agent.patience * 1000)
        time.sleep(GATHER_SECONDS)
        if bell.wait(0):
            agent.hurry()
        slots_bell.wait(0)


def _terminated(*_: object) -> None:
    raise SystemExit(0)


def main(argv: Sequence[str]) -> int:
    """Serve a pool until told to end by SIGTERM or SIGINT; nothing of it is left then."""
    options = read_options(argv)
    try:
        agent = _prepare(options)
    except AgentError as error:
        sys.stderr.write(f"lmsvc agent: {error}\n")
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _terminated)
    files = PoolFiles(options.pool_dir)
    try:
        _serve(agent, Doorbell(files.doorbell), Doorbell(files.slots_doorbell))
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        agent.end()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
