"""The controller: one loop that claims jobs, keeps them going, shares the slots and ends what has ended."""

import logging
import os
import signal
import time
from types import FrameType

from lmsvc import __version__
from lmsvc.cctools.catalog import CatalogClient
from lmsvc.controller import garbage
from lmsvc.controller.board import Board
from lmsvc.controller.demand import Demand
from lmsvc.controller.duty import Duty
from lmsvc.controller.inputs import InputSources
from lmsvc.controller.job_run import JobContext
from lmsvc.controller.lifecycle import STORE_TROUBLE, HeldJobs
from lmsvc.controller.peers import Peers
from lmsvc.controller.ports import PortRange
from lmsvc.controller.reconcile import remove_deleted_jobs
from lmsvc.controller.retention import Retention
from lmsvc.controller.seat import seat_of
from lmsvc.controller.stage_run import Machinery
from lmsvc.controller.waiting import Needs, Waiting
from lmsvc.doorbell import Doorbell
from lmsvc.heartbeats import Heartbeat, remove_heartbeat, write_heartbeat
from lmsvc.notices.postman import Postman
from lmsvc.notices.secrets import key_of
from lmsvc.paths import DataPaths
from lmsvc.planning.results import PoolShape
from lmsvc.pools import PoolsPage, shape_of
from lmsvc.registries import Registries
from lmsvc.settings import PoolSettings, Settings
from lmsvc.store.records import Job
from lmsvc.store.store import Store

BUSY_SECONDS = 0.03
IDLE_SECONDS = 1.0
IDLE_AMONG_PEERS_SECONDS = 0.2
"""Without work of its own a controller still shares out slots for others, which ring no bell."""
HEARTBEAT_SECONDS = 3.0
CLAIM_SECONDS = 1.0
CANCEL_SECONDS = 1.0
SWEEP_SECONDS = 60.0
RETENTION_SECONDS = 300.0
NOTICES_SECONDS = 5.0
"""Between two looks for something to tell; an end that this controller sees is told at once."""

log = logging.getLogger(__name__)


class Controller:
    """Works on jobs until it is asked to stop."""

    def __init__(self, settings: Settings, store: Store) -> None:
        """Prepare to work with a configuration and a store."""
        self._settings = settings
        self._store = store
        self._paths = DataPaths(settings.data_dir)
        self._owner = f"{settings.host_name}:{os.getpid()}:{time.time_ns()}"
        self._paths.make()
        self._seat = seat_of(self._paths.controllers, settings.host_name)
        self._doorbell = Doorbell(self._paths.controller_doorbell)
        catalog = CatalogClient(settings.catalog_host, settings.catalog_port)
        self._page = PoolsPage(settings)
        self._planned = self._page.pools()
        self._peers = Peers(catalog, settings.host_name, settings.controllers)
        self._board = Board(catalog, self._peers, self._page)
        self._machinery = Machinery(settings, self._paths, PortRange(*settings.manager_ports), self._board)
        self._registries = Registries.of(settings)
        self._jobs = HeldJobs(self._owner, store, self._paths.controller_doorbell)
        self._waiting = Waiting(settings.no_worker_seconds)
        self._postman = Postman(settings, store, lambda: key_of(settings))
        self._notices = Duty("postman", NOTICES_SECONDS, self._postman.look)
        self._duties = (self._notices, Duty("retention", RETENTION_SECONDS, Retention(settings, store).sweep))
        self._due: dict[str, float] = {}
        self._told_slots: dict[str, int] = {}
        self._renewed = time.monotonic()
        self._stopping = False

    def run(self) -> None:
        """Work until a signal asks to stop; what runs is given back for another controller to go on with."""
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, self._ask_to_stop)
        self._succeed()
        for duty in self._duties:
            duty.start()
        while not self._stopping:
            try:
                self.tick()
            except (*STORE_TROUBLE, OSError) as error:
                log.warning("trying again: %s", error)
                self._give_up_overdue_claims(time.monotonic())
                time.sleep(IDLE_SECONDS)
            if self._doorbell.wait(self._pause(time.monotonic())):
                self._due.pop("claim", None)
                self._due.pop("cancel", None)
        for duty in self._duties:
            duty.stop()
        self._postman.stop()
        self._jobs.release_all()
        self._peers.leave()
        self._seat.leave()
        remove_heartbeat(self._paths.controllers, self._settings.host_name)

    def _succeed(self) -> None:
        """Give up the claims of the controller before this one, where it has surely ended without doing so itself."""
        last = self._seat.take()
        for job_id in self._store.release_all(last) if last else ():
            log.info("job %s: given up for %s, which has ended", job_id, last)
        self._seat.sit(self._owner)

    def _pause(self, now: float) -> float:
        if self._jobs:
            return BUSY_SECONDS
        return IDLE_SECONDS if self._peers.count(now) == 1 else IDLE_AMONG_PEERS_SECONDS

    def tick(self) -> None:
        """Do once all there is to do."""
        now = time.monotonic()
        self._board.look(now, busy=bool(self._jobs) or self._peers.count(now) > 1)
        self._heartbeat(now)
        self._keep_claims(now)
        self._cancel(now)
        self._plan_anew()
        self._claim(now)
        self._advance()
        demands = list(self._jobs.demands())
        self._board.publish(demands, now)
        self._explain_waiting(demands, now)
        self._sweep(now)

    def _advance(self) -> None:
        held = len(self._jobs)
        self._jobs.advance(time.time())
        if len(self._jobs) < held:
            self._notices.wake()

    def _every(self, what: str, seconds: float, now: float) -> bool:
        if now < self._due.get(what, 0.0):
            return False
        self._due[what] = now + seconds
        return True

    def _context(self, job: Job) -> JobContext:
        sources = InputSources(self._store.upload, self._paths.upload, self._registries.datasets)
        hosts = None if job.document.get("hosts") is None else frozenset(job.document["hosts"])
        pools = {name: self._shape(name, pool, hosts) for name, pool in self._page.pools().items()}
        return JobContext(self._machinery, self._store, self._registries.tools, sources, pools)

    def _shape(self, name: str, pool: PoolSettings, hosts: frozenset[str] | None) -> PoolShape:
        return shape_of(name, pool, self._board.situation.reach(name, hosts) or pool.slots.max)

    def _heartbeat(self, now: float) -> None:
        for duty in self._duties:
            duty.on = self._peers.leads(now)
        slots = {pool: sum(self._board.capacity(pool).values()) for pool in self._page.pools()}
        if slots == self._told_slots and not self._every("heartbeat", HEARTBEAT_SECONDS, now):
            return
        self._told_slots = slots
        host, leads = self._settings.host_name, self._peers.leads(now)
        own = Heartbeat(host, time.time(), os.getpid(), __version__, leads, slots, self._peers.address)
        write_heartbeat(self._paths.controllers, own)

    def _keep_claims(self, now: float) -> None:
        """Renew the claims; let go of jobs whose claim is lost, and of claims whose job was never begun."""
        if not self._jobs:
            self._renewed = now
            return
        if not self._every("renew", self._settings.lease_seconds / 4, now):
            return
        held = self._store.renew(self._owner, time.time(), self._settings.lease_seconds)
        self._renewed = now
        for job_id in set(self._jobs.runs()) - held:
            log.warning("job %s: claim lost; its makeflows are stopped", job_id)
            self._jobs.drop(job_id)
        for job_id in held.difference(self._jobs.runs()):
            self._store.release(self._owner, job_id)

    def _give_up_overdue_claims(self, now: float) -> None:
        """Stop all work once the claims could not be renewed in time: another controller may have the jobs now."""
        if now - self._renewed > self._settings.lease_seconds:
            for job_id in list(self._jobs.runs()):
                log.warning("job %s: claim not renewed in time; its makeflows are stopped", job_id)
                self._jobs.drop(job_id)

    def _claim(self, now: float) -> None:
        if not self._every("claim", CLAIM_SECONDS, now):
            return
        lease, most = self._settings.lease_seconds, self._settings.max_running_jobs
        while self._has_room(now) and (job := self._store.claim(self._owner, time.time(), lease, most)):
            self._jobs.begin(job, self._context(job), time.time())

    def _plan_anew(self) -> None:
        """Give back the jobs whose pools are others than they were planned for: what is done of them stays."""
        pools = self._page.pools()
        if pools is self._planned:
            return
        self._planned = pools
        for job_id, run in list(self._jobs.runs().items()):
            if run.is_outdated(pools):
                log.info("job %s: its pools have changed; it is planned anew", job_id)
                self._jobs.begin_again(job_id)
                self._due.pop("claim", None)

    def _has_room(self, now: float) -> bool:
        """Return whether this controller may take a job and leave the others their part of those that run at a time."""
        controllers = self._peers.count(now)
        return controllers == 1 or len(self._jobs) <= self._settings.max_running_jobs // controllers

    def _cancel(self, now: float) -> None:
        if not self._jobs or not self._every("cancel", CANCEL_SECONDS, now):
            return
        for head in self._store.held(self._owner):
            if head.cancel_requested:
                self._jobs.cancel(head.id, time.time())

    def _explain_waiting(self, demands: list[Demand], now: float) -> None:
        situation, granted = self._board.situation, self._board.granted
        for job_id, run in self._jobs.runs().items():
            wanted = [demand.manager for demand in demands if demand.manager.job == job_id]
            pools = {manager.pool for manager in wanted if manager.tasks}
            needs = Needs(pools, run.hosts, bool(run.running()))
            reason = self._waiting.reason(job_id, needs, situation, granted, now)
            if self._waiting.is_news(job_id, reason):
                self._store.set_waiting(job_id, reason)

    def _sweep(self, now: float) -> None:
        """Remove the directories of deleted jobs, and what this process needs no more."""
        if self._every("sweep", SWEEP_SECONDS, now):
            remove_deleted_jobs(self._paths, self._store)
            garbage.collect()

    def _ask_to_stop(self, signum: int, frame: FrameType | None) -> None:
        del signum, frame
        self._stopping = True
