"""The controller: one loop that claims jobs, keeps them going, shares the slots and ends what has ended."""

import json
import logging
import os
import shutil
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any

from lmsvc import __version__
from lmsvc.cctools.catalog import CatalogClient
from lmsvc.controller.board import Board, Demand
from lmsvc.controller.finish import Verdict, finish
from lmsvc.controller.inputs import InputGone, InputSources
from lmsvc.controller.job_run import JobContext, JobRun
from lmsvc.controller.ports import NoFreePort, PortRange
from lmsvc.controller.stage_run import Machinery
from lmsvc.controller.waiting import Waiting
from lmsvc.doorbell import Doorbell, ring
from lmsvc.jobs.states import JobState
from lmsvc.paths import DataPaths
from lmsvc.planning.results import PlanError, PoolShape
from lmsvc.registry import load_datasets, load_tools
from lmsvc.settings import PoolSettings, Settings
from lmsvc.store.errors import StoreUnavailable
from lmsvc.store.records import Job
from lmsvc.store.store import Store, open_store

BUSY_SECONDS = 0.03
IDLE_SECONDS = 1.0
HEARTBEAT_SECONDS = 3.0
CLAIM_SECONDS = 1.0
SWEEP_SECONDS = 60.0

log = logging.getLogger(__name__)


class Controller:
    """Works on jobs until it is asked to stop."""

    def __init__(self, settings: Settings, store: Store) -> None:
        """Prepare to work with a configuration and a store."""
        self._settings = settings
        self._store = store
        self._paths = DataPaths(settings.data_dir)
        self._owner = f"{settings.host_name}:{os.getpid()}:{time.time_ns()}"
        self._paths.run.mkdir(parents=True, exist_ok=True)
        self._doorbell = Doorbell(self._paths.controller_doorbell)
        catalog = CatalogClient(settings.catalog_host, settings.catalog_port)
        bells = {pool: self._paths.pool(pool) / "doorbell" for pool in settings.pools}
        self._board = Board(catalog, list(settings.pools), bells)
        self._machinery = Machinery(settings, self._paths, PortRange(*settings.manager_ports), self._board)
        self._runs: dict[str, JobRun] = {}
        self._finishing: dict[str, Future[Verdict]] = {}
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="finish")
        self._waiting = Waiting(settings.no_worker_seconds)
        self._due: dict[str, float] = {}
        self._stopping = False
        self._load_registries()

    def run(self) -> None:
        """Work until a signal asks to stop; jobs stay claimed only by a living controller."""
        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, self._ask_to_stop)
        while not self._stopping:
            try:
                self.tick()
            except StoreUnavailable as error:
                log.warning("database unavailable: %s", error)
                time.sleep(IDLE_SECONDS)
            if self._doorbell.wait(BUSY_SECONDS if self._runs else IDLE_SECONDS):
                self._due.pop("claim", None)
                self._due.pop("cancel", None)
        self._shut_down()

    def tick(self) -> None:
        """Do once all there is to do."""
        now = time.monotonic()
        self._heartbeat(now)
        self._board.look(now, busy=bool(self._runs))
        self._keep_claims(now)
        self._claim(now)
        for job_id, run in list(self._runs.items()):
            self._advance(job_id, run)
        demands = [demand for run in self._runs.values() for demand in run.demands()]
        self._board.publish(demands, now)
        self._explain_waiting(demands, now)
        self._sweep(now)

    def _every(self, what: str, seconds: float, now: float) -> bool:
        if now < self._due.get(what, 0.0):
            return False
        self._due[what] = now + seconds
        return True

    def _load_registries(self) -> None:
        self._tools = load_tools(self._settings.tool_dirs)
        self._datasets = load_datasets(self._settings.dataset_dirs)

    def _context(self) -> JobContext:
        sources = InputSources(self._store.upload, self._paths.upload, self._datasets)
        pools = {name: self._shape(name, pool) for name, pool in self._settings.pools.items()}
        return JobContext(self._machinery, self._store, self._tools, sources, pools)

    def _shape(self, name: str, pool: PoolSettings) -> PoolShape:
        alive = sum(self._board.capacity(name).values())
        slots = max(1, alive or pool.slots)
        return PoolShape(name, tuple(pool.categories), slots, pool.cores, pool.memory_mb, pool.disk_mb)

    def _heartbeat(self, now: float) -> None:
        if not self._every("heartbeat", HEARTBEAT_SECONDS if self._board.reachable else 0.2, now):
            return
        slots = {pool: sum(self._board.capacity(pool).values()) for pool in self._settings.pools}
        beat = {"pid": os.getpid(), "time": time.time(), "version": __version__, "slots": slots}
        path = self._paths.run / "controller.json"
        path.with_suffix(".partial").write_text(json.dumps(beat), encoding="utf-8")
        path.with_suffix(".partial").replace(path)

    def _keep_claims(self, now: float) -> None:
        if not self._runs or not self._every("renew", self._settings.lease_seconds / 4, now):
            return
        held = self._store.renew(self._owner, time.time(), self._settings.lease_seconds)
        for job_id in set(self._runs) - held:
            log.warning("job %s: claim lost; its makeflows are stopped", job_id)
            self._drop(job_id)

    def _claim(self, now: float) -> None:
        if not self._every("claim", CLAIM_SECONDS, now):
            return
        while job := self._claim_one():
            self._begin(job)

    def _claim_one(self) -> Job | None:
        settings = self._settings
        return self._store.claim(self._owner, time.time(), settings.lease_seconds, settings.max_running_jobs)

    def _begin(self, job: Job) -> None:
        log.info("job %s: begin attempt %d of %r", job.id, job.attempt, job.name)
        try:
            self._runs[job.id] = JobRun(job, self._context())
        except (InputGone, PlanError) as error:
            self._end(job.id, JobState.FAILED, {"reason": str(error)}, {})
        except OSError as error:
            self._end(job.id, JobState.FAILED, {"reason": _disk_reason(error, self._settings.host_name)}, {})

    def _advance(self, job_id: str, run: JobRun) -> None:
        if job_id in self._finishing:
            self._collect(job_id, run)
            return
        try:
            run.tick()
        except NoFreePort as error:
            log.warning("job %s: %s", job_id, error)
        except PlanError as error:
            self._fail(job_id, run, {"reason": str(error)})
        except OSError as error:
            log.exception("job %s", job_id)
            self._fail(job_id, run, {"reason": _disk_reason(error, self._settings.host_name)})
        else:
            if run.finished:
                run.save_progress()
                datasets = self._datasets.values()
                self._finishing[job_id] = self._executor.submit(
                    finish, run, self._store, self._tools.values(), datasets
                )
                self._finishing[job_id].add_done_callback(lambda _: ring(self._paths.controller_doorbell))

    def _fail(self, job_id: str, run: JobRun, error: dict[str, Any]) -> None:
        run.stop()
        run.save_progress()
        self._end(job_id, JobState.FAILED, error, {})

    def _collect(self, job_id: str, run: JobRun) -> None:
        future = self._finishing[job_id]
        if not future.done():
            return
        del self._finishing[job_id]
        try:
            error, summary = future.result()
        except OSError as problem:
            log.exception("job %s: packaging", job_id)
            error, summary = {"reason": _disk_reason(problem, self._settings.host_name)}, {}
        self._end(job_id, JobState.FAILED if error else JobState.SUCCEEDED, error, summary)

    def _end(self, job_id: str, state: JobState, error: dict[str, Any] | None, summary: dict[str, Any]) -> None:
        self._runs.pop(job_id, None)
        self._store.transition(
            job_id,
            state,
            time.time(),
            expected=JobState.RUNNING,
            owner=self._owner,
            error=error,
            summary=summary,
        )
        log.info("job %s: %s %s", job_id, state, (error or {}).get("reason", ""))

    def _drop(self, job_id: str) -> None:
        run = self._runs.pop(job_id)
        run.stop()
        self._finishing.pop(job_id, None)

    def _explain_waiting(self, demands: list[Demand], now: float) -> None:
        capacity = {pool: sum(self._board.capacity(pool).values()) for pool in self._settings.pools}
        for job_id, run in self._runs.items():
            pools = {demand.manager.pool for demand in demands if demand.manager.job == job_id and demand.manager.tasks}
            reason = self._waiting.reason(job_id, pools, capacity, bool(run.running()), now)
            if self._waiting.is_news(job_id, reason):
                self._store.set_waiting(job_id, reason)

    def _sweep(self, now: float) -> None:
        """Stop jobs whose cancellation was asked for; remove the directories of deleted jobs."""
        if self._runs and self._every("cancel", 0.25, now):
            for head in self._store.held(self._owner):
                if head.cancel_requested and head.id in self._runs:
                    self._cancel(head.id)
        if self._every("sweep", SWEEP_SECONDS, now):
            for directory in self._deleted_jobs():
                shutil.rmtree(directory, ignore_errors=True)

    def _cancel(self, job_id: str) -> None:
        run = self._runs[job_id]
        run.stop()
        run.save_progress()
        self._finishing.pop(job_id, None)
        self._end(job_id, JobState.CANCELLED, None, {})

    def _deleted_jobs(self) -> Iterator[Path]:
        jobs = self._paths.root / "jobs"
        for directory in jobs.iterdir() if jobs.exists() else ():
            if self._store.job(directory.name) is None:
                yield directory

    def _ask_to_stop(self, signum: int, frame: FrameType | None) -> None:
        del signum, frame
        self._stopping = True

    def _shut_down(self) -> None:
        for job_id in list(self._runs):
            self._drop(job_id)
            self._store.release(self._owner, job_id)
        self._executor.shutdown(wait=False, cancel_futures=True)


def _disk_reason(error: OSError, host: str) -> str:
    where = f"{host}:{error.filename}" if error.filename else host
    return f"{error.strerror or error} on {where}"


def run_controller(settings: Settings) -> None:
    """Run a controller in the foreground until it is asked to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    store = open_store(settings.database_url)
    store.migrate()
    Controller(settings, store).run()
