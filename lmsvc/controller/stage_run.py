"""One attempt at a stage: its shards, started, resumed or started again, until nothing more comes from them."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lmsvc.cctools.makeflow import Manager
from lmsvc.controller.attempts import attempt_number
from lmsvc.controller.board import Board
from lmsvc.controller.demand import Demand
from lmsvc.controller.ports import PortRange
from lmsvc.controller.shard_run import ENDED_MARK, ShardRun, ShardState, ShardTask, load_shard
from lmsvc.paths import DataPaths
from lmsvc.planning.allocation import ManagerDemand
from lmsvc.planning.stages import Stage
from lmsvc.settings import Settings
from lmsvc.store.records import Job

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Machinery:
    """What every stage needs to run makeflows."""

    settings: Settings
    paths: DataPaths
    ports: PortRange
    board: Board

    @property
    def catalog(self) -> str:
        """The catalog as makeflow takes it."""
        return f"{self.settings.catalog_host}:{self.settings.catalog_port}"


@dataclass(frozen=True)
class LostTask:
    """A task whose rule failed or whose makeflow cannot be kept running, and the directory of its shard."""

    task: ShardTask
    reason: str
    directory: Path


class StageRun:
    """The makeflows of one attempt at a stage."""

    def __init__(
        self, job: Job, stage: Stage, attempt: Path, machinery: Machinery, hosts: frozenset[str] | None
    ) -> None:
        """Run the attempt that `write_attempt` left in a directory, on some hosts or on all."""
        self.stage = stage
        self._job = job
        self._machinery = machinery
        self._hosts = hosts
        generation = attempt_number(attempt)
        self.shards = [
            ShardRun(path, _project(job.id, stage, path, generation), stage.pool, load_shard(path))
            for path in sorted(attempt.glob("s*"))
        ]
        self._live = [shard for shard in self.shards if not (shard.directory / ENDED_MARK).exists()]

    def start(self) -> None:
        """Start the makeflows that have not ended."""
        for shard in self._live:
            self._start(shard)

    @property
    def ended(self) -> bool:
        """Whether nothing more will come from this attempt."""
        return not self._live

    def poll(self) -> Iterator[tuple[ShardTask, Path]]:
        """Yield the tasks that finished since the last look, with their bundles."""
        for shard in self.shards:
            for task in shard.poll():
                yield task, shard.directory / task.bundle

    def settle(self) -> Iterator[LostTask]:
        """Deal with makeflows that ended; yield the tasks that will not finish in this attempt and why."""
        for shard in list(self._live):
            match shard.state():
                case ShardState.ENDED:
                    yield from self._end(shard)
                case ShardState.CRASHED:
                    yield from self._crashed(shard)

    def mark_ended(self) -> None:
        """Note on disk which makeflows need not be resumed."""
        for shard in self.shards:
            if shard not in self._live:
                shard.mark_ended()

    def demands(self) -> Iterator[Demand]:
        """Yield what the live makeflows ask for."""
        for shard in self._live:
            manager = ManagerDemand(
                project=shard.project,
                pool=shard.pool,
                user=self._job.user,
                job=self._job.id,
                tasks=shard.demand(),
                lane="small" if self._job.small else "normal",
                hosts=self._hosts,
            )
            yield Demand(
                manager,
                shard.port,
                shard.password,
                running=shard.on_workers(),
                waiting_since=shard.waiting_since(),
            )

    def running(self) -> dict[str, int]:
        """Return how many items of each step run now."""
        counts: dict[str, int] = {}
        for shard in self._live:
            for step, items in shard.running().items():
                counts[step] = counts.get(step, 0) + items
        return counts

    def kill(self) -> None:
        """End every makeflow at once."""
        for shard in self._live:
            shard.kill()
            self._release(shard)
        self._live = []

    def _start(self, shard: ShardRun) -> None:
        settings = self._machinery.settings
        port = self._machinery.ports.take()
        password = settings.password_file(shard.pool)
        shard.start(Manager(shard.project, port, self._machinery.catalog, password))
        log.info("job %s: makeflow %s on port %d (%s)", self._job.id, shard.project, port, settings.host_name)

    def _release(self, shard: ShardRun) -> None:
        self._machinery.ports.give_back(shard.port)
        self._machinery.board.remove_manager(shard.port)

    def _end(self, shard: ShardRun) -> Iterator[LostTask]:
        self._live.remove(shard)
        self._release(shard)
        for task in shard.failed():
            yield LostTask(task, f"its step runner could not run: {shard.describe_end()}", shard.directory)

    def _crashed(self, shard: ShardRun) -> Iterator[LostTask]:
        if shard.was_just_started():
            return
        self._release(shard)
        if shard.may_start_again() or shard.lock_was_taken():
            log.warning("job %s: %s; starting it again", self._job.id, shard.describe_end())
            self._start(shard)
            return
        self._live.remove(shard)
        for rule, task in enumerate(shard.tasks):
            if rule not in shard.finished:
                yield LostTask(task, f"makeflow would not go on: {shard.describe_end()}", shard.directory)


def _project(job_id: str, stage: Stage, shard: Path, generation: int) -> str:
    return f"lm-{stage.pool}-{job_id}-{stage.id}-{shard.name.removeprefix('s')}-{generation}"
