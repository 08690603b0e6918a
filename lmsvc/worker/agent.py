"""The agent: the one process per pool and host that asks the catalog, tells the slots whom to work for, and reports.

It keeps the slots alive through keeper factories, as many as the pool's allocation says, and gives them to managers as
that says. Everything below it ends with it.
"""

import os
import select
import signal
import sys
import time
from collections.abc import Sequence

from lmsvc import losses
from lmsvc.cctools.catalog import CatalogClient, CatalogUnreachable
from lmsvc.doorbell import Doorbell, FarDoorbell
from lmsvc.files import write_json
from lmsvc.worker import process
from lmsvc.worker.files import PoolFiles
from lmsvc.worker.hearing import Hearing
from lmsvc.worker.keepers import Keepers
from lmsvc.worker.live_log import LiveLog
from lmsvc.worker.options import AgentError, Options, lock_pool, passed_on, prepare_slots, program, read_options
from lmsvc.worker.report import Report, agent_record, say
from lmsvc.worker.staffing import Staff

BUSY_SECONDS, REST_SECONDS, EXPECTING_SECONDS = 0.2, 0.5, 0.05
"""Time between two queries: while there is work, at rest, and while a manager just listed has yet to register."""
AFTERGLOW_SECONDS = 10.0
"""After work there is more to come: queries stay frequent for this long."""
REPORT_SECONDS, REPORT_GAP_SECONDS = 5.0, 0.2
"""Most and least time between two reports: one is sent at once when there is news, but not more often than that."""
SETTLE_SECONDS = 0.05
"""An allocation just applied is acknowledged with what the slots say after this."""
CATALOG_TIMEOUT_SECONDS = 2.0
TOLD_SECONDS = 1.0
"""An allocation that was rung for is in the catalog by then, or will not be."""
GATHER_SECONDS = 0.005
"""Rings that come together are answered together."""


class Agent:
    """Serves one pool on one host."""

    def __init__(self, options: Options, files: PoolFiles, keepers: Keepers) -> None:
        """Begin with the last allocation that an agent of this pool has heard."""
        self._options = options
        self._files = files
        self._keepers = keepers
        self._catalog = CatalogClient(*options.catalog, timeout=CATALOG_TIMEOUT_SECONDS)
        self.bell = FarDoorbell(options.catalog, options.controllers)
        self._live_log = LiveLog(files, self.bell.address)
        self._told, self._told_at = 0, float("-inf")
        self._hearing = Hearing(options, files, self._catalog)
        self._staff = Staff(files, options.host, self._hearing.keep)
        self._refused: dict[str, str] | None = None
        self._applied = self._acknowledged = 0
        self._reported: tuple[float, Report | None] = (0.0, None)
        self._next_query = self._last_work = 0.0
        self._began = self._last_slot = time.monotonic()

    def look(self) -> None:
        """Bring slots, catalog and factories in step once."""
        self._acknowledged = self._applied
        self._staff.look()
        if time.monotonic() >= self._next_query:
            self._hearing.ask()
            self._staff.look()
            self._refuse()
            self._apply()
            self._next_query = time.monotonic() + self._gap(time.monotonic())
        self._keepers.look(self._staff.processes, self._staff.holders)
        if self._staff.processes:
            self._last_slot = time.monotonic()
        self._tell(time.monotonic())

    def answer(self) -> None:
        """Ask the catalog at the next look if a controller has rung."""
        told = self.bell.heard()
        if told is not None:
            self._told, self._told_at = told, time.monotonic()
            self._next_query = 0.0

    @property
    def is_over(self) -> bool:
        """Whether no slot has been wanted here for as long as the agent is to wait for that."""
        return time.monotonic() - self._last_slot > self._options.idle_seconds

    @property
    def patience(self) -> float:
        """Seconds until there is something to do at the latest."""
        now, (last, shown) = time.monotonic(), self._reported
        rest = self._next_query - now
        if self._acknowledged != self._applied:
            rest = min(rest, SETTLE_SECONDS)
        if self._report() != shown:
            rest = min(rest, last + REPORT_GAP_SECONDS - now)
        return max(0.0, rest)

    def _refuse(self) -> None:
        """Tell the slots which tasks a controller no longer lets run; those that failed on this host they know."""
        refuse = self._hearing.allocation.get("refuse", {})
        if refuse != self._refused:
            write_json(self._files.refuse, refuse)
            self._refused = refuse

    def _apply(self) -> None:
        if not self._hearing.reached:
            return
        if self._staff.deploy(self._hearing.keep, self._hearing.wanted()):
            self._last_work = time.monotonic()
        self._applied = self._hearing.serial

    def _gap(self, now: float) -> float:
        expects_serial = self._hearing.serial < self._told and now - self._told_at < TOLD_SECONDS
        if expects_serial or self._hearing.expects(now):
            return EXPECTING_SECONDS
        return BUSY_SECONDS if now - self._last_work < AFTERGLOW_SECONDS else REST_SECONDS

    def _report(self) -> Report:
        retired = time.monotonic() - self._began > self._options.retire_seconds
        return Report(self._acknowledged, self._staff.keep, tuple(self._staff.states.values()), retired)

    def _tell(self, now: float) -> None:
        last, shown = self._reported
        report = self._report()
        if now - last < (REPORT_GAP_SECONDS if report != shown else REPORT_SECONDS):
            return
        self._reported = now, report
        try:
            self._catalog.update(self._record(report))
        except CatalogUnreachable:
            self._reported = now, None

    def _record(self, report: Report) -> dict[str, object]:
        lost, passwords = losses.total(self._staff.losses), self._hearing.passwords
        ports = {"bell": self.bell.port, "watch": self._live_log.port}
        return agent_record(self._options, report, lost, passwords, ports)

    def end(self) -> None:
        """End the slots with all that runs in them, and tell the catalog that there are none here any more."""
        self._keepers.end()
        try:
            self._catalog.update({**self._record(Report(self._acknowledged, 0, ())), "lost": {}, "lifetime": 1})
        except CatalogUnreachable as error:
            say(str(error))


def _prepare(options: Options) -> Agent:
    files = PoolFiles(options.pool_dir)
    files.make()
    lock_pool(files)
    prepare_slots(options, files)
    process.adopt_descendants()
    left = process.kill_marked("LMSVC_SLOT_DIR", f"{files.slots}/")
    if left:
        say(f"killed {len(left)} processes of slots that an earlier agent left")
    for slot in files.every_slot():
        slot.forget_work()
    environment = {**passed_on(), "PATH": os.environ.get("PATH", os.defpath)}
    return Agent(options, files, Keepers(program("work_queue_factory"), files, environment))


def _serve(agent: Agent, slots_bell: Doorbell) -> None:
    poller = select.poll()
    for one in (agent.bell, slots_bell):
        poller.register(one.fileno(), select.POLLIN)
    while not agent.is_over:
        agent.look()
        poller.poll(agent.patience * 1000)
        time.sleep(GATHER_SECONDS)
        agent.answer()
        slots_bell.wait(0)


def _terminated(*_: object) -> None:
    raise SystemExit(0)


def main(argv: Sequence[str]) -> int:
    """Serve a pool until it is over or told to end by SIGTERM or SIGINT; nothing of it is left then."""
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
        _serve(agent, Doorbell(files.slots_doorbell))
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        agent.end()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
