"""Takes in what tasks made: keeps the bundle, then counts and reports it."""

import logging
import os
from pathlib import Path
from typing import Any

from lmsvc.controller.attempts import next_generation
from lmsvc.controller.progress import Progress
from lmsvc.controller.results import Forget, JobResults, generation_of
from lmsvc.controller.shard_run import ENDED_MARK, ShardTask, load_labels
from lmsvc.controller.stage_run import LostTask
from lmsvc.jobs.document import JobDocument
from lmsvc.jobs.tools import ToolRegistry
from lmsvc.paths import JobPaths
from lmsvc.planning.retry import stale_steps
from lmsvc.store.records import Job
from lmsvc.store.store import Store
from lmsvc.worker.step_runner import BundleError, read_status, write_bundle

log = logging.getLogger(__name__)


class Intake:
    """The bundles of one job, and what is known from them.

    Attributes:
        results: what is done.
        progress: what the store is told.
    """

    def __init__(self, job: Job, document: JobDocument, tools: ToolRegistry, store: Store, paths: JobPaths) -> None:
        """Read the bundles that are there; a retry forgets some of them first."""
        self._job = job
        self._document = document
        self._tools = tools
        self._store = store
        self._paths = paths
        self.progress = Progress(job.id, document, tools, store)
        marker = self._forget_file(job.attempt)
        if job.attempt > 1 and not marker.exists():
            self._forget_failures(marker)
        self.results = JobResults(Forget.load(marker))
        self.results.load(paths.bundles)

    def take_in(self, stage_id: str, task: ShardTask, bundle: Path, host: str = "") -> None:
        """Keep the bundle of a finished task, unless it was kept before; one that is damaged fails its items."""
        kept = self._paths.bundles / task.bundle
        if kept.exists():
            return
        try:
            status = read_status(bundle)
        except BundleError as error:
            self.give_up(stage_id, LostTask(task, str(error), bundle.parent), host)
            return
        os.link(bundle, kept)
        self.results.add(status, task.bundle)
        self.progress.finished(stage_id, generation_of(task.id), status)

    def give_up(self, stage_id: str, lost: LostTask, host: str) -> None:
        """Write the bundle of a task that cannot write its own: all its items failed, and why."""
        log.warning("job %s: task %s lost: %s", self._job.id, lost.task.id, lost.reason)
        partial = self._paths.bundles / f"{lost.task.bundle}.lost"
        write_bundle(partial, lost_status(lost, host), {})
        self.take_in(stage_id, lost.task, partial, host)
        partial.unlink()

    def _forget_file(self, attempt: int) -> Path:
        return self._paths.root / f"retry-{attempt}.json"

    def _forget_failures(self, marker: Path) -> None:
        before = JobResults(Forget.load(self._forget_file(self._job.attempt - 1)))
        before.load(self._paths.bundles)
        generation = next_generation(self._paths) - 1
        for shard in self._paths.stages.glob("*/attempt-*/s*"):
            (shard / ENDED_MARK).touch()
        stale = stale_steps(self._document, self._tools, before.steps())
        forget = Forget(unfinished=generation, steps=dict.fromkeys(sorted(stale), generation))
        for step in self._document.steps:
            items = before.items(step).items()
            again = [index for index, item in items if forget.covers(step, item.state, item.generation)]
            self._store.clear_items(self._job.id, step, again)
        forget.save(marker)


def lost_status(lost: LostTask, host: str) -> dict[str, Any]:
    """Return the status of a task whose step runner could not report: all its items failed, and why."""
    item = {
        **{"state": "failed", "reason": lost.reason, "exit_code": None, "signal": None},
        **{"seconds": 0.0, "peak_memory_mb": 0, "command": [], "outputs": {}},
        **{"stdout": None, "stderr": None, "stderr_tail": ""},
    }
    labels = load_labels(lost.directory, lost.task)
    return {
        **{"format": 1, "task": lost.task.id, "step": lost.task.step, "host": host, "slot": None},
        **{"started": 0.0, "seconds": 0.0},
        "items": [{"index": index, "label": labels[index], **item} for index in lost.task.items],
    }
