"""One running job: from its claim through its stages to what it came to."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from lmsvc.controller.attempts import (
    attempt_number,
    fits,
    give_up,
    is_over,
    latest_attempt,
    next_generation,
    slot_of,
    write_attempt,
)
from lmsvc.controller.demand import Demand
from lmsvc.controller.inputs import InputSources, JobInputs, check_tools, resolve_inputs
from lmsvc.controller.intake import Intake
from lmsvc.controller.stage_run import Machinery, StageRun
from lmsvc.controller.verdict import must_stop
from lmsvc.files import write_json
from lmsvc.jobs.document import JobDocument
from lmsvc.jobs.tools import ToolRegistry
from lmsvc.paths import JobPaths
from lmsvc.planning.lengths import step_lengths
from lmsvc.planning.results import PoolShape
from lmsvc.planning.stages import Plan, Sizing, Stage, plan_stages
from lmsvc.planning.tasks import StageRequest, build_stage
from lmsvc.settings import PoolSettings
from lmsvc.store.records import Job, Upload
from lmsvc.store.store import Store

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class JobContext:
    """What a job run works with."""

    machinery: Machinery
    store: Store
    tools: ToolRegistry
    sources: InputSources
    pools: Mapping[str, PoolShape]


class JobRun:
    """A job that this controller holds the claim on."""

    def __init__(self, job: Job, context: JobContext) -> None:
        """Read what is done of the job and plan the rest.

        Raises:
            InputGone: an upload, dataset or tool is not there any more.
            PlanError: no pool can run a step.
        """
        self.job = job
        self._context = context
        self.paths: JobPaths = context.machinery.paths.job(job.id)
        self.document = JobDocument.model_validate(job.document)
        check_tools(self.document, context.tools)
        self._prepare_directories()
        self._intake = Intake(job, self.document, context.tools, context.store, self.paths)
        self.results = self._intake.results
        self._inputs: JobInputs = resolve_inputs(self.document, context.sources)
        self._stages: dict[str, StageRun] = {}
        self._complete: set[str] = set()
        self.plan: Plan = self._plan()
        self.stopped = False

    @property
    def hosts(self) -> frozenset[str] | None:
        """The hosts the job may use; None is all."""
        return None if self.document.hosts is None else frozenset(self.document.hosts)

    @property
    def uploads(self) -> Mapping[str, Upload]:
        """The uploads that its inputs name, by id."""
        return self._inputs.uploads

    @property
    def finished(self) -> bool:
        """Whether there is nothing more to run."""
        return self.stopped or len(self._complete) == len(self.plan.stages)

    def is_outdated(self, pools: Mapping[str, PoolSettings]) -> bool:
        """Return whether a pool it runs in is gone or has slots of another size than it was planned for."""
        used = {stage.pool for stage in self.plan.stages if stage.id not in self._complete}
        return any(name not in pools or slot_of(pools[name]) != slot_of(self._context.pools[name]) for name in used)

    def tick(self) -> None:
        """Take in what finished, deal with what ended, start what became ready."""
        for stage_id, run in list(self._stages.items()):
            self._advance(stage_id, run)
        if must_stop(self.document, self.results):
            self.stop()
            return
        self._start_ready()
        self._intake.progress.save(self.results, self.running(), self.plan)

    def demands(self) -> Iterator[Demand]:
        """Yield what the job's makeflows ask for."""
        for run in self._stages.values():
            yield from run.demands()

    def running(self) -> dict[str, int]:
        """Return how many items of each step are on a worker."""
        counts: dict[str, int] = {}
        for run in self._stages.values():
            counts.update(run.running())
        return counts

    def save_progress(self) -> None:
        """Write what the store does not know yet."""
        self._intake.progress.save(self.results, self.running(), self.plan, now=True)

    def stop(self) -> None:
        """End the job's makeflows at once; nothing more will come."""
        for run in self._stages.values():
            run.kill()
        self._stages = {}
        self.stopped = True

    def _prepare_directories(self) -> None:
        for directory in (self.paths.bundles, self.paths.stages):
            directory.mkdir(parents=True, exist_ok=True)
        write_json(self.paths.document, self.job.document, indent=1)

    def _plan(self) -> Plan:
        self._learn_lengths()
        plan = plan_stages(
            self.document,
            self._context.tools,
            self._context.pools,
            self.results.steps(),
            input_lengths=self._inputs.lengths,
            sizing=self._sizing(),
        )
        write_json(self.paths.plan, {"stages": [asdict(stage) for stage in plan.stages]}, indent=1)
        return plan

    def _sizing(self) -> Sizing:
        settings = self._context.machinery.settings
        return Sizing(batch_seconds=settings.batch_seconds, max_rules=settings.max_rules)

    def _start_ready(self) -> None:
        for stage in self.plan.stages:
            waiting = stage.id not in self._stages and stage.id not in self._complete
            if waiting and self._complete.issuperset(stage.after):
                self._start(stage)

    def _start(self, stage: Stage) -> None:
        attempt = latest_attempt(self.paths, stage.id)
        if attempt is not None and not fits(attempt, stage, self._context.pools[stage.pool]):
            give_up(attempt)
        if attempt is None or is_over(attempt):
            attempt = self._build(stage)
        if attempt is None:
            self._stage_complete(stage)
            return
        run = StageRun(self.job, stage, attempt, self._context.machinery, self.hosts)
        for shard in run.shards:
            self._intake.progress.planned(stage.id, attempt_number(attempt), shard.tasks)
        self._stages[stage.id] = run
        run.start()

    def _build(self, stage: Stage) -> Path | None:
        generation = next_generation(self.paths)
        settings = self._context.machinery.settings
        shards = build_stage(
            StageRequest(
                job_id=self.job.id,
                document=self.document,
                tools=self._context.tools,
                stage=stage,
                pool=self._context.pools[stage.pool],
                results=self.results.steps(),
                inputs=self._inputs.resolved,
                seconds_per_item=self._context.store.seconds_per_item(),
                attempt=generation,
                batch_seconds=settings.batch_seconds,
                max_rules=settings.max_rules,
            )
        )
        if not shards:
            return None
        attempt = self.paths.stages / stage.id / f"attempt-{generation}"
        files = (self.paths.bundles, self._inputs.files)
        write_attempt(attempt, shards, stage, self._context.pools[stage.pool], files)
        return attempt

    def _learn_lengths(self) -> None:
        """Work out the length of every step as far as results tell; one length may tell another."""
        for step, each in self.document.steps.items():
            if not each.scatter:
                self.results.set_length(step, None)
        while new := self._new_lengths():
            for step, length in new.items():
                self.results.set_length(step, length)

    def _new_lengths(self) -> dict[str, int]:
        found = step_lengths(self.document, self._context.tools, self.results.steps(), self._inputs.lengths)
        return {
            step: length for step, length in found.items() if length is not None and self.results.total(step) is None
        }

    def _advance(self, stage_id: str, run: StageRun) -> None:
        for task, bundle in run.poll():
            self._intake.take_in(stage_id, task, bundle)
        for lost in run.settle():
            self._intake.give_up(stage_id, lost, self._context.machinery.settings.host_name)
        if run.ended:
            run.mark_ended()
            del self._stages[stage_id]
            if all(self.results.complete(step) for step in run.stage.steps):
                self._stage_complete(run.stage)

    def _stage_complete(self, stage: Stage) -> None:
        self._complete.add(stage.id)
        self.plan = self._plan()
