"""Tells the store how far a job is: steps often, tasks as they change, items that need a person's eye."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from lmsvc.controller.results import JobResults
from lmsvc.controller.shard_run import ShardTask
from lmsvc.jobs.document import JobDocument
from lmsvc.jobs.states import ItemState
from lmsvc.jobs.tools import ToolRegistry
from lmsvc.planning.stages import Plan
from lmsvc.store.records import ItemRecord, StepProgress, TaskRecord
from lmsvc.store.store import Store

SAVE_SECONDS = 0.4
_REPORTED = (ItemState.FAILED, ItemState.SKIPPED, ItemState.NOT_RUN)


class Progress:
    """Collects what changed in one job and writes it at most a few times a second."""

    def __init__(self, job_id: str, document: JobDocument, tools: ToolRegistry, store: Store) -> None:
        """Report on a job to a store."""
        self._job_id = job_id
        self._document = document
        self._tools = tools
        self._store = store
        self._tasks: list[TaskRecord] = []
        self._items: list[ItemRecord] = []
        self._timings: dict[str, tuple[int, float]] = {}
        self._saved = float("-inf")
        self._steps: list[StepProgress] = []

    def planned(self, stage: str, generation: int, tasks: Sequence[ShardTask]) -> None:
        """Note tasks that wait to run."""
        self._tasks += [TaskRecord(task.id, task.step, stage, generation, len(task.items), "waiting") for task in tasks]

    def finished(self, stage: str, generation: int, status: Mapping[str, Any]) -> None:
        """Note a finished task and those of its items that a person may ask about."""
        items = status["items"]
        peak = max((item["peak_memory_mb"] or 0 for item in items), default=0)
        self._tasks.append(
            TaskRecord(
                task=status["task"],
                step=status["step"],
                stage=stage,
                attempt=generation,
                items=len(items),
                state="done",
                host=status["host"],
                slot=status["slot"],
                started=status["started"],
                seconds=status["seconds"],
                peak_memory_mb=peak,
            )
        )
        self._items += [_item_record(status, item) for item in items if ItemState(item["state"]) in _REPORTED]
        self._time(status)

    def save(self, results: JobResults, running: Mapping[str, int], plan: Plan, *, now: bool = False) -> None:
        """Write what changed, unless it was written a moment ago."""
        if not now and time.monotonic() - self._saved < SAVE_SECONDS:
            return
        self._saved = time.monotonic()
        steps = [self._step(step, results, running.get(step, 0), plan) for step in self._document.steps]
        if steps != self._steps:
            self._store.save_steps(self._job_id, steps)
            self._steps = steps
        self._flush()

    def _flush(self) -> None:
        if self._tasks:
            latest = {record.task: record for record in self._tasks}
            self._store.record_tasks(self._job_id, list(latest.values()))
            self._tasks = []
        if self._items:
            self._store.record_items(self._job_id, self._items)
            self._items = []
        for tool, (count, seconds) in self._timings.items():
            self._store.record_timing(tool, count, seconds)
        self._timings = {}

    def _time(self, status: Mapping[str, Any]) -> None:
        """Note how long items took, for batches to come.

        An item that ran alone had a cold start, which says nothing about items of a tool with a warm one.
        """
        tool = self._tools[self._document.steps[status["step"]].run]
        ran = [item["seconds"] for item in status["items"] if item["state"] == ItemState.SUCCEEDED]
        if not ran or (tool.warm_command and len(status["items"]) == 1):
            return
        count, seconds = self._timings.get(tool.id, (0, 0.0))
        self._timings[tool.id] = (count + len(ran), seconds + sum(ran))

    def _step(self, step: str, results: JobResults, running: int, plan: Plan) -> StepProgress:
        tool = self._tools[self._document.steps[step].run]
        stage = plan.stage_of(step)
        total = results.total(step)
        ended = len(results.items(step))
        return StepProgress(
            step=step,
            tool=tool.id,
            category=tool.category,
            pool=stage.pool,
            stage=stage.id,
            waiting=max(0, (total or 0) - ended - running),
            running=running,
            done=results.count(step, ItemState.SUCCEEDED),
            failed=results.count(step, ItemState.FAILED, ItemState.NOT_RUN),
            skipped=results.count(step, ItemState.SKIPPED),
            total=total,
        )


def _item_record(status: Mapping[str, Any], item: Mapping[str, Any]) -> ItemRecord:
    return ItemRecord(
        step=status["step"],
        index=item["index"],
        state=ItemState(item["state"]),
        label=item["label"],
        reason=item["reason"],
        exit_code=item["exit_code"],
        signal=item["signal"],
        host=status["host"],
        task=status["task"],
        command=tuple(item["command"] or ()),
        stderr_tail=item["stderr_tail"],
    )
