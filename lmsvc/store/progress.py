"""How far jobs are: steps, tasks, and the items that did not succeed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from peewee import fn

from lmsvc.jobs.states import ItemState
from lmsvc.store.base import Part, cursor_number
from lmsvc.store.database import Row
from lmsvc.store.errors import BadCursor
from lmsvc.store.models import Items, Steps, Tasks
from lmsvc.store.records import ItemRecord, Page, StepProgress, TaskRecord

_STEP = [getattr(Steps, name) for name in StepProgress.__dataclass_fields__]
_TASK = [getattr(Tasks, name) for name in TaskRecord.__dataclass_fields__]
_ITEM = [getattr(Items, "number" if name == "index" else name) for name in ItemRecord.__dataclass_fields__]


@dataclass(frozen=True)
class StepSpan:
    """When a step's tasks ran: epoch seconds of the first begin and the last end, and what they took together."""

    step: str
    begin: float
    end: float
    tasks: int
    hosts: int
    seconds: float
    peak_memory_mb: float | None


class ProgressStore(Part):
    """Progress of jobs."""

    def save_steps(self, job_id: str, steps: Sequence[StepProgress]) -> None:
        """Store the progress of a job's steps, all of them, in the document's order."""
        rows = ({"job_id": job_id, "position": n} | vars(step) for n, step in enumerate(steps))
        with self._database.writing() as session:
            session.upsert(Steps, [Steps.job_id, Steps.step], rows)

    def steps(self, job_id: str) -> tuple[StepProgress, ...]:
        """Return the progress of a job's steps in the document's order; empty until it was planned."""
        query = Steps.select(*_STEP).where(Steps.job_id == job_id).order_by(Steps.position)
        with self._database.reading() as session:
            return tuple(StepProgress(**row) for row in session.all(query))

    def steps_of(self, job_ids: Collection[str]) -> Mapping[str, tuple[StepProgress, ...]]:
        """Return the progress of the steps of several jobs, by job; jobs that were not planned are left out."""
        query = Steps.select(Steps.job_id, *_STEP).where(Steps.job_id.in_(list(job_ids)))
        found: dict[str, tuple[StepProgress, ...]] = {}
        with self._database.reading() as session:
            for row in session.all(query.order_by(Steps.position)):
                job_id = row.pop("job_id")
                found[job_id] = (*found.get(job_id, ()), StepProgress(**row))
        return found

    def record_tasks(self, job_id: str, tasks: Sequence[TaskRecord]) -> None:
        """Store tasks, replacing what was known of the same tasks. Many are stored in several transactions.

        Raises:
            UnknownJob: there is no such job.
        """
        rows = ({"job_id": job_id} | vars(task) for task in tasks)
        self._database.upsert_in_batches(Tasks, [Tasks.job_id, Tasks.task], rows)

    def tasks(
        self,
        job_id: str,
        step: str | None = None,
        state: str | None = None,
        cursor: str | None = None,
        limit: int = 100,
    ) -> Page[TaskRecord]:
        """Return a page of a job's tasks by task id."""
        query = Tasks.select(*_TASK).where(Tasks.job_id == job_id).order_by(Tasks.task).limit(limit)
        if step is not None:
            query = query.where(Tasks.step == step)
        if state is not None:
            query = query.where(Tasks.state == state)
        if cursor is not None:
            query = query.where(Tasks.task > cursor)
        with self._database.reading() as session:
            tasks = tuple(TaskRecord(**row) for row in session.all(query))
        return Page(tasks, tasks[-1].task if tasks and len(tasks) == limit else None)

    def step_spans(self, job_id: str) -> tuple[StepSpan, ...]:
        """Return when each step's tasks ran, in the order they began; steps of which none has begun are left out."""
        end = fn.MAX(Tasks.started + fn.COALESCE(Tasks.seconds, 0.0))
        query = Tasks.select(
            Tasks.step,
            fn.MIN(Tasks.started).alias("begin"),
            end.alias("end"),
            fn.COUNT(Tasks.task).alias("tasks"),
            fn.COUNT(fn.DISTINCT(Tasks.host)).alias("hosts"),
            fn.SUM(fn.COALESCE(Tasks.seconds, 0.0)).alias("seconds"),
            fn.MAX(Tasks.peak_memory_mb).alias("peak_memory_mb"),
        )
        query = query.where((Tasks.job_id == job_id) & Tasks.started.is_null(False)).group_by(Tasks.step)
        with self._database.reading() as session:
            return tuple(StepSpan(**row) for row in session.all(query.order_by(fn.MIN(Tasks.started))))

    def hosts_of(self, job_ids: Collection[str]) -> Mapping[str, Mapping[str, int]]:
        """Return by job how many of its tasks ran on each host; jobs of which none ran are left out."""
        query = Tasks.select(Tasks.job_id, Tasks.host, fn.COUNT(Tasks.task).alias("tasks"))
        query = query.where(Tasks.job_id.in_(list(job_ids)) & Tasks.host.is_null(False))
        found: dict[str, dict[str, int]] = {}
        with self._database.reading() as session:
            for row in session.all(query.group_by(Tasks.job_id, Tasks.host).order_by(Tasks.host)):
                found.setdefault(row["job_id"], {})[row["host"]] = int(row["tasks"])
        return found

    def record_items(self, job_id: str, items: Sequence[ItemRecord]) -> None:
        """Store items that failed, were skipped or not run, replacing what was known of the same items.

        Many are stored in several transactions, so that nobody waits long for SQLite's single writer.

        Raises:
            UnknownJob: there is no such job.
        """
        rows = (_item_row(job_id, item) for item in items)
        self._database.upsert_in_batches(Items, [Items.job_id, Items.step, Items.number], rows)

    def items(
        self,
        job_id: str,
        step: str | None = None,
        state: ItemState | None = None,
        cursor: str | None = None,
        limit: int = 100,
    ) -> Page[ItemRecord]:
        """Return a page of a job's items that did not succeed, by step and index.

        Raises:
            BadCursor: the cursor was not made by this store.
        """
        query = Items.select(*_ITEM).where(Items.job_id == job_id).order_by(Items.step, Items.number).limit(limit)
        if step is not None:
            query = query.where(Items.step == step)
        if state is not None:
            query = query.where(Items.state == state)
        if cursor is not None:
            after_step, after_index = _item_cursor(cursor)
            later = (Items.step == after_step) & (Items.number > after_index)
            query = query.where((Items.step > after_step) | later)
        with self._database.reading() as session:
            items = tuple(_item(row) for row in session.all(query))
        return Page(items, f"{items[-1].index}:{items[-1].step}" if items and len(items) == limit else None)

    def clear_items(self, job_id: str, step: str, indices: Sequence[int]) -> None:
        """Forget items of a step that are to run again."""
        mine = (Items.job_id == job_id) & (Items.step == step) & (Items.number == 0)
        with self._database.writing() as session:
            session.repeat(Items.delete().where(mine), [(job_id, step, index) for index in indices])


def _item_row(job_id: str, item: ItemRecord) -> Row:
    row = {"job_id": job_id, "number": item.index} | vars(item)
    del row["index"]
    return row


def _item(row: Row) -> ItemRecord:
    rest = {name: value for name, value in row.items() if name not in {"number", "state", "command"}}
    return ItemRecord(index=row["number"], state=ItemState(row["state"]), command=tuple(row["command"]), **rest)


def _item_cursor(cursor: str) -> tuple[str, int]:
    index, colon, step = cursor.partition(":")
    if not colon:
        raise BadCursor("this cursor was not made by this service: start without one")
    return step, cursor_number(index)
