"""Steps, tasks, items, outputs, events, uploads, timings."""

import time
from dataclasses import replace
from itertools import pairwise

import pytest

from lmsvc.jobs.states import ItemState
from lmsvc.store import Store
from lmsvc.store.errors import UnknownJob
from lmsvc.store.progress import StepSpan
from lmsvc.store.records import ItemRecord, NewJob, OutputFile, StepProgress, TaskRecord
from tests.store.make import UPLOAD, claim, end, submit

TASK = TaskRecord("model.1.0000", "model", "model", 1, 4, "running", "node1", "node1-2", 5.0, None, None)
ITEM = ItemRecord(
    "model", 3, ItemState.FAILED, "Heuchera alba", "why", 1, None, "node1", "m", ("python3", "x y"), "e\n"
)


def test_steps_keep_the_documents_order_and_the_last_numbers(store: Store) -> None:
    """Saving again replaces."""
    job_id = submit(store)
    steps = [StepProgress("z", "split", "occurrences", total=1), StepProgress("a", "create_sdm", "sdm", "p", "s")]
    store.save_steps(job_id, steps)
    steps[1] = replace(steps[1], waiting=1, running=2, done=3, failed=4, skipped=5, total=15)
    store.save_steps(job_id, steps)
    assert store.steps(job_id) == tuple(steps)


def test_steps_of_several_jobs_come_together(store: Store) -> None:
    """Each job has its own steps in its own order; one that was not planned is left out."""
    jobs = [submit(store) for _ in range(3)]
    for n, job_id in enumerate(jobs[:2]):
        store.save_steps(job_id, [StepProgress("z", "t", "c", done=n), StepProgress("a", "t", "c")])
    assert store.steps_of(jobs) == {job_id: store.steps(job_id) for job_id in jobs[:2]}
    assert store.steps_of([]) == {}


def test_a_step_spans_from_its_first_task_to_its_last(store: Store) -> None:
    """Begin, end, tasks, hosts, work and memory of each step that has begun, the first to begin first."""
    job_id = submit(store)
    tasks = [
        replace(TASK, task="pam.1", step="pam", started=9.0),
        replace(TASK, task="model.1", seconds=2.0, peak_memory_mb=100.0),
        replace(TASK, task="model.2", started=6.0, seconds=4.0, host="node2", peak_memory_mb=300.0),
        replace(TASK, task="z.1", step="z", started=None),
    ]
    store.record_tasks(job_id, tasks)
    assert store.step_spans(job_id) == (
        StepSpan("model", 5.0, 10.0, 2, 2, 6.0, 300.0),
        StepSpan("pam", 9.0, 9.0, 1, 1, 0.0, None),
    )


def test_hosts_of_jobs_are_counted(store: Store) -> None:
    """Each job has the hosts that its tasks ran on, and how many there; tasks without a host do not count."""
    jobs = [submit(store) for _ in range(3)]
    for n, host in enumerate(("node2", "node1", "node1", None)):
        store.record_tasks(jobs[0], [replace(TASK, task=f"t{n}", host=host)])
    store.record_tasks(jobs[1], [TASK])
    assert store.hosts_of(jobs) == {jobs[0]: {"node1": 2, "node2": 1}, jobs[1]: {"node1": 1}}
    assert store.hosts_of([]) == {}


def test_tasks_are_replaced_and_paged(store: Store) -> None:
    """A task has one record, found by step and state, page after page in order of its id."""
    job_id = submit(store)
    tasks = [replace(TASK, task=f"{step}.1.{n:04}", step=step) for step in ("Zeta", "model", "pam") for n in range(3)]
    store.record_tasks(job_id, tasks)
    done = replace(tasks[4], state="done", seconds=1.5, peak_memory_mb=240.0)
    store.record_tasks(job_id, [done])
    seen, cursor = list(store.tasks(job_id, limit=4).rows), store.tasks(job_id, limit=4).next_cursor
    seen += store.tasks(job_id, cursor=cursor).rows
    assert seen == [*tasks[:4], done, *tasks[5:]]
    assert store.tasks(job_id, "model", "done").rows == (done,)


def test_items_are_replaced_paged_and_cleared(store: Store) -> None:
    """An item has one record; pages go on across steps; what runs again is forgotten."""
    job_id = submit(store)
    items = [replace(ITEM, step=step, index=n) for step in ("Zeta: 1", "model") for n in (2, 10, 11)]
    store.record_items(job_id, items)
    store.record_items(job_id, [replace(items[0], state=ItemState.SKIPPED)])
    items[0] = replace(items[0], state=ItemState.SKIPPED)
    seen: list[ItemRecord] = []
    page = store.items(job_id, limit=2)
    while True:
        seen += page.rows
        if page.next_cursor is None:
            break
        page = store.items(job_id, limit=2, cursor=page.next_cursor)
    assert seen == items
    assert store.items(job_id, "Zeta: 1", ItemState.FAILED).rows == tuple(items[1:3])
    store.clear_items(job_id, "model", [2, 11, 99])
    assert store.items(job_id, "model").rows == (items[4],)
    store.clear_items(job_id, "model", [])


def test_progress_of_an_unknown_job_is_refused(store: Store) -> None:
    """Nothing is kept for a job that was deleted meanwhile."""
    with pytest.raises(UnknownJob):
        store.record_tasks("nosuchjob2", [TASK])
    with pytest.raises(UnknownJob):
        store.save_steps("nosuchjob2", [StepProgress("a", "t", "c")])
    with pytest.raises(UnknownJob):
        store.append_event("nosuchjob2", "x", {}, 1.0)
    assert store.tasks("nosuchjob2").rows == ()


def test_nothing_to_record_is_no_error(store: Store) -> None:
    """Empty batches are fine."""
    job_id = submit(store)
    store.record_tasks(job_id, [])
    store.record_items(job_id, [])
    store.save_outputs(job_id, [])
    store.save_steps(job_id, [])


@pytest.mark.slow
def test_a_hundred_thousand_tasks_and_items_are_stored_in_seconds(store: Store) -> None:
    """The largest jobs do not hold up the store (bound: five times the target of 10 s)."""
    job_id, many = submit(store), 100_000
    tasks = [replace(TASK, task=f"model.1.{n:06}") for n in range(many)]
    items = [replace(ITEM, index=n) for n in range(many)]
    marks = [time.perf_counter()]
    store.record_tasks(job_id, tasks)
    marks.append(time.perf_counter())
    store.record_items(job_id, items)
    marks.append(time.perf_counter())
    store.clear_items(job_id, "model", range(many))
    marks.append(time.perf_counter())
    times = [after - before for before, after in pairwise(marks)]
    print(f"tasks {times[0]:.1f} s, items {times[1]:.1f} s, cleared {times[2]:.1f} s")
    assert max(times) < 10 * 5


def test_outputs_are_catalogued_by_path(store: Store) -> None:
    """A file has one entry; publishing again replaces it; clearing forgets all."""
    job_id = submit(store)
    paths = ("Z/b.tif", "a/b.tif", "a/\u00e4.tif")
    files = [OutputFile(p, "a", "model", 3, "Heuchera alba", 2**40, "0" * 64, None, "image/tiff") for p in paths]
    store.save_outputs(job_id, files)
    files[1] = replace(files[1], size=7, content_sha256="1" * 64)
    store.save_outputs(job_id, [files[1]])
    assert store.outputs(job_id) == tuple(files)
    assert store.output(job_id, "a/b.tif") == files[1]
    assert store.output(job_id, "../a/b.tif") is None
    store.clear_outputs(job_id)
    assert store.outputs(job_id) == ()


def test_events_are_numbered_in_each_job(store: Store) -> None:
    """Numbers have no gaps, and a reader goes on after the last one it saw."""
    jobs = [submit(store), submit(store)]
    for n in range(3):
        assert [store.append_event(job_id, "progress", {"n": n}, 2.0) for job_id in jobs] == [n + 2, n + 2]
    first = store.events(jobs[0], limit=2)
    rest = store.events(jobs[0], after=first[-1].seq)
    assert [event.seq for event in first + rest] == [1, 2, 3, 4]
    assert [event.data for event in rest] == [{"n": 1}, {"n": 2}]


def test_the_same_content_is_one_upload(store: Store) -> None:
    """It keeps the name it first came with."""
    assert store.upload(UPLOAD.id) is None
    assert store.add_upload(UPLOAD) == UPLOAD
    assert store.add_upload(replace(UPLOAD, name="other.csv", created=9.0)) == UPLOAD
    assert store.upload(UPLOAD.id) == UPLOAD


def test_an_upload_in_use_is_not_deleted(store: Store) -> None:
    """It can go when every job that names it has ended."""
    store.add_upload(UPLOAD)
    job_id = store.submit(NewJob("ada", "x", {"inputs": {"p": {"upload": UPLOAD.id}}}), None, 1.0).job_id
    assert not store.delete_upload(UPLOAD.id)
    claim(store)
    assert not store.delete_upload(UPLOAD.id)
    end(store, job_id)
    assert store.delete_upload(UPLOAD.id)
    assert store.upload(UPLOAD.id) is None
    assert store.delete_upload(UPLOAD.id)


def test_timings_follow_what_ran(store: Store) -> None:
    """The first batch sets it, each item moves it by a fifth, large batches weigh more."""
    store.record_timing("create_sdm", 2, 20.0)
    assert store.seconds_per_item() == {"create_sdm": pytest.approx(10.0)}
    store.record_timing("create_sdm", 1, 5.0)
    assert store.seconds_per_item() == {"create_sdm": pytest.approx(9.0)}
    store.record_timing("create_sdm", 1000, 1000.0)
    assert store.seconds_per_item()["create_sdm"] == pytest.approx(1.0, abs=0.1)
    store.record_timing("create_sdm", 0, 5.0)
    assert store.seconds_per_item()["create_sdm"] == pytest.approx(1.0, abs=0.1)
