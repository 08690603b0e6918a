"""One makeflow at work on one shard of a stage: its directory, its process, what its log says."""

import contextlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from lmsvc.cctools.makeflow import LOCK_TAKEN, MakeflowProcess, Manager, Rule, write_workflow
from lmsvc.cctools.makeflow_log import MakeflowLog, RuleState
from lmsvc.cctools.password import fingerprint
from lmsvc.planning.results import PoolShape
from lmsvc.planning.tasks import Task
from lmsvc.worker import step_runner

SHARD_FILE = "shard.json"
ENDED_MARK = "ended"
RUNNER_NAME = "lm_step.py"
DEAD_END_SECONDS = 1.0
MOST_STARTS = 4
RESTART_PAUSE_SECONDS = 0.5


@dataclass(frozen=True)
class ShardTask:
    """What the controller keeps in mind of a task, and on disk for a resume."""

    id: str
    step: str
    bundle: str
    items: tuple[int, ...]
    needs: int


class ShardState(StrEnum):
    """Where a shard's makeflow stands."""

    RUNNING = "running"
    ENDED = "ended"
    CRASHED = "crashed"


class ShardRun:
    """A makeflow and the tasks it runs; started anew in the same directory when it crashes."""

    def __init__(self, directory: Path, project: str, pool: str, tasks: Sequence[ShardTask]) -> None:
        """Prepare to run the workflow in ``directory``; see `write_shard` and `load_shard`."""
        self.directory = directory
        self.project = project
        self.pool = pool
        self.tasks = tuple(tasks)
        self.finished: set[int] = set()
        self.port = 0
        self.password = ""
        self._starts = 0
        self._started = 0.0
        self._process: MakeflowProcess | None = None
        self._log = MakeflowLog(directory)
        self._dead_since: float | None = None

    def start(self, manager: Manager) -> None:
        """Start makeflow; what its log says is finished stays finished."""
        self._starts += 1
        self._started = time.monotonic()
        self.port = manager.port
        self.password = fingerprint(manager.password_file)
        self._process = MakeflowProcess(self.directory, manager)

    def poll(self) -> list[ShardTask]:
        """Read the log; return the tasks that finished since the last look."""
        self._log.update()
        done = {rule for rule, state in self._log.states.items() if state is RuleState.COMPLETE}
        fresh = sorted(done - self.finished)
        self.finished |= done
        return [self.tasks[rule] for rule in fresh]

    def state(self) -> ShardState:
        """Return where it stands; a makeflow at a dead end is ended here."""
        if self._process is None:
            return ShardState.CRASHED
        if self._process.exit_code() is None:
            if not self._at_dead_end():
                return ShardState.RUNNING
            self._process.kill()
            return ShardState.ENDED
        return ShardState.ENDED if self._settled() else ShardState.CRASHED

    def may_start_again(self) -> bool:
        """Return whether a crashed makeflow may be started once more."""
        return self._starts < MOST_STARTS

    def was_just_started(self) -> bool:
        """Return whether it is too early to start it once more."""
        return time.monotonic() - self._started < RESTART_PAUSE_SECONDS

    def lock_was_taken(self) -> bool:
        """Return whether another makeflow holds this directory."""
        return self._process is not None and self._process.exit_code() == LOCK_TAKEN

    def demand(self) -> int:
        """Return how many tasks could run now."""
        if not self._log.states:
            return sum(task.needs == 0 for task in self.tasks)
        return self._log.submitted()

    def running(self) -> dict[str, int]:
        """Return how many items of each step run on a worker now."""
        counts: dict[str, int] = {}
        for rule in self._log.running:
            task = self.tasks[rule]
            counts[task.step] = counts.get(task.step, 0) + len(task.items)
        return counts

    def on_workers(self) -> int:
        """Return how many tasks are on a worker."""
        return len(self._log.running)

    def waiting_since(self) -> float | None:
        """Return when (epoch seconds) the task came that waits longest for a worker; None where none waits."""
        return next(iter(self._log.waiting.values()), None)

    def failed(self) -> list[ShardTask]:
        """Return the tasks whose rule failed: the step runner itself could not do its work."""
        return [self.tasks[rule] for rule in self._log.failed()]

    def kill(self) -> None:
        """End the makeflow at once."""
        if self._process is not None:
            self._process.kill()

    def mark_ended(self) -> None:
        """Note on disk that nothing more will come from this attempt."""
        (self.directory / ENDED_MARK).touch()

    def describe_end(self) -> str:
        """Return the exit code and last words of makeflow, for an error."""
        if self._process is None:
            return "makeflow was not started"
        return f"makeflow ended with {self._process.exit_code()}: {self._process.console_tail()}"

    def _settled(self) -> bool:
        return len(self.finished) == len(self.tasks) or bool(self._log.failed())

    def _at_dead_end(self) -> bool:
        stuck = bool(self._log.failed()) and not self._log.submitted()
        if not stuck:
            self._dead_since = None
            return False
        self._dead_since = self._dead_since or time.monotonic()
        return time.monotonic() - self._dead_since > DEAD_END_SECONDS


def write_shard(
    directory: Path, tasks: Sequence[Task], pool: PoolShape, bundles: Path, uploads: Mapping[str, Path]
) -> list[ShardTask]:
    """Write a shard's workflow, specifications and inputs into a fresh directory.

    Args:
        directory: made here; must not exist.
        tasks: in the order of the rules.
        pool: what each slot offers; a task takes a slot whole.
        bundles: the job's finished bundles.
        uploads: file names in the directory, and the files they stand for.
    """
    directory.mkdir(parents=True)
    shutil.copyfile(step_runner.__file__, directory / RUNNER_NAME)
    for task in tasks:
        text = json.dumps({**task.spec, "watch_key": secrets.token_hex(16)}, separators=(",", ":"))
        (directory / f"{task.id}.json").write_text(text, encoding="utf-8")
    _link_inputs(directory, tasks, bundles, uploads)
    write_workflow(directory, [_rule(task, pool) for task in tasks])
    shard = _remember(tasks)
    (directory / SHARD_FILE).write_text(json.dumps([asdict(task) for task in shard]), encoding="utf-8")
    return shard


def load_shard(directory: Path) -> list[ShardTask]:
    """Read the tasks of a shard written earlier."""
    data: list[dict[str, Any]] = json.loads((directory / SHARD_FILE).read_text(encoding="utf-8"))
    return [ShardTask(**{**task, "items": tuple(task["items"])}) for task in data]


def load_labels(directory: Path, task: ShardTask) -> dict[int, str | None]:
    """Return what the items of a shard's task are called, as far as its specification says."""
    spec = json.loads((directory / f"{task.id}.json").read_text(encoding="utf-8"))
    return {item["index"]: item["label"] for item in spec["items"]}


def _remember(tasks: Sequence[Task]) -> list[ShardTask]:
    own = {task.bundle for task in tasks}
    return [
        ShardTask(task.id, task.step, task.bundle, task.items, len(own.intersection(task.needs_bundles)))
        for task in tasks
    ]


def _rule(task: Task, pool: PoolShape) -> Rule:
    """Return a task's rule. It fills its slot by its cores.

    Debian 12's Work Queue never places a task that asks for more disk than its worker has memory, so it asks for less;
    the disk it may really use is bounded by the step runner.
    """
    spec = f"{task.id}.json"
    return Rule(
        command=f"exec python3 {RUNNER_NAME} {spec}",
        inputs=(RUNNER_NAME, spec, *task.needs_bundles, *task.needs_files),
        outputs=(task.bundle,),
        category=task.category,
        cores=pool.cores,
        memory_mb=pool.memory_mb,
        disk_mb=min(pool.disk_mb, pool.memory_mb),
        gpus=pool.gpus,
    )


def _link_inputs(directory: Path, tasks: Sequence[Task], bundles: Path, uploads: Mapping[str, Path]) -> None:
    own = {task.bundle for task in tasks}
    for name in {name for task in tasks for name in task.needs_bundles} - own:
        os.link(bundles / name, directory / name)
    for name in {name for task in tasks for name in task.needs_files}:
        with contextlib.suppress(FileExistsError):
            os.link(uploads[name], directory / name)
