"""Tasks have what the step runner needs, in the form of the specification."""

import json
import time

import pytest

from lmsvc.jobs.context import ValidationContext
from lmsvc.jobs.document import JobDocument
from lmsvc.jobs.states import ItemState
from lmsvc.jobs.validation import validate_document
from lmsvc.planning.batches import Sizing, aligned, most_items, shard_items
from lmsvc.planning.inputs import lengths, resolve
from lmsvc.planning.results import BundleItems, PlanError, PoolShape, ResolvedInput, StepResult
from lmsvc.planning.stages import plan_stages
from lmsvc.planning.tasks import Shard, StageRequest, build_stage
from tests.jobs.examples import CONTEXT, TOOLS, dataset, document, tool

POOLS = {"all": PoolShape("all", slots=2)}
DATASETS = {"climate": dataset()}


def inputs(job: JobDocument) -> dict[str, ResolvedInput]:
    """Return the inputs of a job as sources."""
    return resolve(
        job,
        DATASETS,
        lambda upload: {"file": f"uploads/{upload.upload[:4]}.csv", "basename": "x.csv", "label": upload.label},
        lambda found, file: {"file": f"/data/{found.name}/{file.path}", "basename": file.path, "label": file.layer},
    )


def build(job: JobDocument, stage: str, results: dict[str, StepResult], attempt: int = 1) -> tuple[Shard, ...]:
    """Build one stage of a job."""
    plan = plan_stages(job, TOOLS, POOLS, results, input_lengths=lengths(job, DATASETS))
    [chosen] = [each for each in plan.stages if each.id == stage]
    return build_stage(StageRequest("job", job, TOOLS, chosen, POOLS["all"], results, inputs(job), {}, attempt))


def finished(items: int | None, **arrays: int) -> StepResult:
    """Return the result of a step all of whose items succeeded."""
    numbers = tuple(range(1 if items is None else items))
    return StepResult(
        items,
        (BundleItems("old.tar", numbers),),
        dict.fromkeys(numbers, ItemState.SUCCEEDED),
        arrays={(name, 0): length for name, length in arrays.items()},
        complete=True,
    )


def test_a_task_says_all_that_the_step_runner_needs() -> None:
    """The specification has tool, limits, common and own sources, labels and names as agreed on."""
    job = validate_document(document(), CONTEXT)
    [shard] = build(job, "split", {})
    [task] = shard.tasks
    assert (task.id, task.bundle, task.category) == ("split.1.0000", "split.1.0000.tar", "sdm")
    assert task.needs_files == ("uploads/aaaa.csv",)
    assert json.loads(json.dumps(task.spec)) == {
        "format": 1,
        "task": "split.1.0000",
        "step": "split",
        "tool": {
            "id": "split",
            "base_command": ["true"],
            "arguments": [],
            "warm_command": [],
            "inputs": {"occurrences": {"type": "File", "binding": None}, "key": {"type": "string", "binding": None}},
            "outputs": {"species": {"type": "File[]", "glob": None}},
            "success_codes": [0],
        },
        "limits": {"memory_mb": 500, "seconds": 600, "disk_mb": 500},
        "retries": 1,
        "place": {"pool": "all", "image": ""},
        "bundle": "split.1.0000.tar",
        "common": {
            "occurrences": {"file": "uploads/aaaa.csv", "basename": "x.csv", "label": "all"},
            "key": {"value": "name"},
        },
        "items": [{"index": 0, "label": None, "inputs": {}}],
    }


def test_items_follow_their_sources_and_keep_labels() -> None:
    """Elements of an array, then of a list of uploads, are items; labels go on to the items made from them."""
    job = validate_document(document(), CONTEXT)
    results = {"split": finished(None, species=3)}
    tasks = [task for shard in build(job, "clean", results) for task in shard.tasks]
    cleaned = [item for task in tasks if task.step == "clean" for item in task.spec["items"]]
    assert cleaned[2] == {
        "index": 2,
        "label": None,
        "inputs": {"occurrences": {"bundle": "old.tar", "item": 0, "output": "species", "element": 2}},
    }
    assert [item["label"] for item in cleaned] == [None, None, None, "one", None]
    models = [item for task in tasks if task.step == "model" for item in task.spec["items"]]
    assert [item["label"] for item in models] == [None, None, None, "one", None]
    rated = [item for task in tasks if task.step == "rated" for item in task.spec["items"]]
    assert [item["label"] for item in rated] == ["0.5", "1"]
    assert rated[0]["inputs"]["rate"] == {"value": 0.5}


def test_defaults_and_left_out_inputs_are_written_out() -> None:
    """Every input of the tool has a source: a default, or null for an optional one that was left out."""
    job = validate_document(document(), CONTEXT)
    tasks = [task for shard in build(job, "clean", {"split": finished(None, species=1)}) for task in shard.tasks]
    model = next(task for task in tasks if task.step == "model")
    assert model.spec["common"]["mode"] == {"value": "fast"}
    assert model.spec["common"]["rate"] == {"value": None}
    assert model.spec["common"]["layers"]["merge"][0]["file"] == "/data/climate/bio1.tif"
    assert model.needs_files == ()


def test_a_retry_builds_what_is_missing_and_gathers_all_in_order() -> None:
    """Only what the results leave out is built; a gather reads each item from the bundle that has it now, in order."""
    job = validate_document(document(), CONTEXT)
    states = {0: ItemState.SUCCEEDED, 2: ItemState.SKIPPED}
    half = StepResult(3, (BundleItems("old.tar", (0, 2)),), states)
    results = {"split": finished(None, species=1), "clean": half, "model": half, "rated": finished(2)}
    tasks = [task for shard in build(job, "clean", results, attempt=2) for task in shard.tasks]
    assert [(task.id, task.items) for task in tasks] == [
        ("clean.2.0000", (1,)),
        ("model.2.0000", (1,)),
        ("encode.2.0000", (0,)),
    ]
    assert tasks[-1].spec["common"]["layers"]["merge"][0] == {
        "gather": [
            {"bundle": "old.tar", "items": [0]},
            {"bundle": "model.2.0000.tar", "items": [1]},
            {"bundle": "old.tar", "items": [2]},
        ],
        "output": "model",
    }


def test_results_for_another_length_do_not_count() -> None:
    """Items made when the array had another length are built anew."""
    job = validate_document(document(), CONTEXT)
    results = {"split": finished(None, species=1), "clean": finished(2)}
    tasks = [task for shard in build(job, "clean", results) for task in shard.tasks]
    assert sum(len(task.items) for task in tasks if task.step == "clean") == 3


def test_a_lost_bundle_is_named() -> None:
    """An item that is needed and in no bundle is named rather than left out."""
    job = validate_document(document(), CONTEXT)
    lost = StepResult(None, (), {0: ItemState.FAILED}, arrays={("species", 0): 1}, complete=True)
    with pytest.raises(PlanError, match="item 0 of step split is in no bundle"):
        build(job, "clean", {"split": lost})


def test_batches_keep_their_bounds() -> None:
    """A batch is not longer than asked for, leaves work for every slot, and is never empty."""
    assert most_items(1.0, 100, 4, 5.0) == 5
    assert most_items(0.001, 100, 4, 5.0) == 25
    assert most_items(60.0, 100, 4, 5.0) == 1
    assert most_items(1.0, 3, 0, 5.0) == 3
    assert aligned({"a": 7, "b": 3, "c": 20}, 400) == {"a": 6, "b": 3, "c": 18}
    assert aligned({"a": 5000, "b": 1}, 400) == {"a": 200, "b": 1}


def test_shards_are_equally_long_and_hold_the_bound() -> None:
    """Shards end at the end of batches of every step and have no more rules than asked for."""
    assert shard_items({"a": 6, "b": 3}, 1000, 400) == 504
    assert shard_items({"a": 6, "b": 3}, 100, 400) == 100


def test_a_hundred_thousand_items_are_built_soon() -> None:
    """A scatter of 100,000 items over two steps is planned and built in seconds, in shards within the bound."""
    double = {"double": tool("double", {"x": "int"}, {"x": "int"}, resources={"seconds_per_item": 0.02})}
    steps = {
        "a": {"run": "double", "scatter": "x", "in": {"x": "inputs/numbers"}},
        "b": {"run": "double", "scatter": "x", "in": {"x": "a/x"}},
    }
    data = {"name": "wide", "inputs": {"numbers": {"value": list(range(100_000))}}, "steps": steps, "outputs": ["b/x"]}
    job = validate_document(data, ValidationContext(double))
    start = time.perf_counter()
    [stage] = plan_stages(job, double, POOLS, {}, input_lengths=lengths(job, {}), sizing=Sizing()).stages
    shards = build_stage(StageRequest("job", job, double, stage, POOLS["all"], {}, inputs(job), {}))
    seconds = time.perf_counter() - start
    print(f"{seconds:.2f} s for {len(shards)} shards, {sum(len(shard.tasks) for shard in shards)} tasks")
    assert all(len(shard.tasks) <= 400 for shard in shards)
    assert sum(len(task.items) for shard in shards for task in shard.tasks) == 200_000
    assert seconds < 15
