"""The jobs that this controller holds: begun, kept going, finished, cancelled, given up."""

import logging
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lmsvc.controller.demand import Demand
from lmsvc.controller.finish import Verdict, finish
from lmsvc.controller.inputs import InputGone
from lmsvc.controller.job_run import JobContext, JobRun
from lmsvc.controller.ports import NoFreePort
from lmsvc.doorbell import ring
from lmsvc.jobs.states import JobState
from lmsvc.planning.results import PlanError
from lmsvc.store.errors import StoreFull, StoreUnavailable
from lmsvc.store.records import Job
from lmsvc.store.store import Store

FINISHERS = 4
"""Packages written at a time: a large one does not keep small ones waiting."""

STORE_TROUBLE = (StoreFull, StoreUnavailable)
"""What the store refuses now it may take later: no job's fault."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _End:
    """How a job ended, until the store knows."""

    state: JobState
    error: dict[str, Any] | None
    summary: dict[str, Any] | None


class HeldJobs:
    """Job runs by id, and what has to become of each."""

    def __init__(self, owner: str, store: Store, doorbell: Path) -> None:
        """Hold no job yet.

        Args:
            owner: this controller's name in claims.
            store: told what becomes of jobs.
            doorbell: rung when a package is ready.
        """
        self._owner = owner
        self._store = store
        self._doorbell = doorbell
        self._runs: dict[str, JobRun] = {}
        self._contexts: dict[str, JobContext] = {}
        self._finishing: dict[str, Future[Verdict]] = {}
        self._ends: dict[str, _End] = {}
        self._executor = ThreadPoolExecutor(max_workers=FINISHERS, thread_name_prefix="finish")

    def __len__(self) -> int:
        """Return how many jobs are held."""
        return len(self._runs)

    def runs(self) -> Mapping[str, JobRun]:
        """Return the runs by job id."""
        return self._runs

    def known(self) -> frozenset[str]:
        """Return the jobs that run or whose end is still to be told."""
        return frozenset(self._runs) | frozenset(self._ends)

    def demands(self) -> Iterator[Demand]:
        """Yield what all makeflows ask for."""
        for run in self._runs.values():
            yield from run.demands()

    def begin(self, job: Job, context: JobContext, now: float) -> None:
        """Start on a claimed job, or fail it where it cannot be started."""
        log.info("job %s: begin attempt %d of %r", job.id, job.attempt, job.name)
        try:
            self._runs[job.id] = JobRun(job, context)
            self._contexts[job.id] = context
        except (InputGone, PlanError) as error:
            self._end(job.id, JobState.FAILED, now, error={"reason": str(error)})
        except OSError as error:
            self._end(job.id, JobState.FAILED, now, error={"reason": disk_reason(error)})
        except STORE_TROUBLE:
            raise
        except Exception as error:
            log.exception("job %s", job.id)
            self._end(job.id, JobState.FAILED, now, error={"reason": internal_reason(error)})

    def advance(self, now: float) -> None:
        """Let every job go on."""
        for job_id in list(self._ends):
            self._settle(job_id, now)
        for job_id, run in list(self._runs.items()):
            if job_id in self._finishing:
                self._collect(job_id, now)
            else:
                self._advance(job_id, run, now)

    def cancel(self, job_id: str, now: float) -> None:
        """End a job as cancelled; what runs of it is killed."""
        if job_id in self._runs and job_id not in self._ends:
            self._runs[job_id].stop()
            self._end(job_id, JobState.CANCELLED, now)

    def drop(self, job_id: str) -> None:
        """Let go of a job whose claim is lost or given back; what runs of it is killed."""
        self._runs[job_id].stop()
        self._forget(job_id)

    def begin_again(self, job_id: str) -> None:
        """Give a job back for a controller to plan it anew with what is done of it, unless it is at its end."""
        if job_id not in self._finishing and job_id not in self._ends:
            self.drop(job_id)
            self._store.release(self._owner, job_id)

    def release_all(self) -> None:
        """Give every claim back, for the next controller to go on with."""
        for job_id in list(self._runs):
            self.drop(job_id)
            self._store.release(self._owner, job_id)
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _advance(self, job_id: str, run: JobRun, now: float) -> None:
        try:
            run.tick()
        except NoFreePort as error:
            log.warning("job %s: %s", job_id, error)
        except PlanError as error:
            self._fail(job_id, run, str(error), now)
        except OSError as error:
            log.exception("job %s", job_id)
            self._fail(job_id, run, disk_reason(error), now)
        except STORE_TROUBLE:
            raise
        except Exception as error:
            log.exception("job %s", job_id)
            self._fail(job_id, run, internal_reason(error), now)
        else:
            if run.finished:
                self._finish(job_id, run)

    def _finish(self, job_id: str, run: JobRun) -> None:
        run.save_progress()
        context = self._contexts[job_id]
        tools, datasets = context.tools.values(), context.sources.datasets.values()
        future = self._executor.submit(finish, run, self._store, tools, datasets)
        self._finishing[job_id] = future
        future.add_done_callback(lambda _: ring(self._doorbell))

    def _collect(self, job_id: str, now: float) -> None:
        if not self._finishing[job_id].done():
            return
        try:
            error, summary = self._finishing[job_id].result()
        except OSError as problem:
            log.exception("job %s: packaging", job_id)
            error, summary = {"reason": disk_reason(problem)}, {}
        except STORE_TROUBLE:
            del self._finishing[job_id]
            raise
        except Exception as problem:
            log.exception("job %s: packaging", job_id)
            error, summary = {"reason": internal_reason(problem)}, {}
        self._end(job_id, JobState.FAILED if error else JobState.SUCCEEDED, now, error=error, summary=summary)

    def _fail(self, job_id: str, run: JobRun, reason: str, now: float) -> None:
        run.stop()
        self._end(job_id, JobState.FAILED, now, error={"reason": reason})

    def _end(
        self,
        job_id: str,
        state: JobState,
        now: float,
        *,
        error: dict[str, Any] | None = None,
        summary: dict[str, Any] | None = None,
    ) -> None:
        self._ends[job_id] = _End(state, error, summary)
        self._settle(job_id, now)

    def _settle(self, job_id: str, now: float) -> None:
        """Tell the store how a job ended; where it cannot take that now, it is told again at the next `advance`."""
        end = self._ends[job_id]
        if job_id in self._runs:
            self._runs[job_id].save_progress()
        self._store.transition(
            *(job_id, end.state, now),
            expected=JobState.RUNNING,
            owner=self._owner,
            error=end.error,
            summary=end.summary,
        )
        self._forget(job_id)
        log.info("job %s: %s %s", job_id, end.state, (end.error or {}).get("reason", ""))

    def _forget(self, job_id: str) -> None:
        for held in (self._runs, self._contexts, self._finishing, self._ends):
            held.pop(job_id, None)


def disk_reason(error: OSError) -> str:
    """Return what went wrong with a file, and where."""
    where = f" ({error.filename})" if error.filename else ""
    return f"the controller could not write: {error.strerror or error}{where}"


def internal_reason(error: Exception) -> str:
    """Return what is said of a fault of the service itself, which must not touch other jobs."""
    return f"the controller met a fault of its own ({type(error).__name__}: {error}); its log has the details"
