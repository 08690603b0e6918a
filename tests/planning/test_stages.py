"""Stages are few, and cut where they must be."""

from typing import Any

import pytest

from lmsvc.jobs.context import ValidationContext
from lmsvc.jobs.document import JobDocument
from lmsvc.jobs.states import ItemState
from lmsvc.jobs.tools import Resources
from lmsvc.jobs.validation import validate_document
from lmsvc.planning.batches import Sizing
from lmsvc.planning.grouping import group
from lmsvc.planning.results import BundleItems, PlanError, PoolShape, StepResult
from lmsvc.planning.retry import stale_steps
from lmsvc.planning.stages import Plan, plan_stages
from lmsvc.planning.summary import plan_summary
from tests.jobs.examples import TOOLS, tool

LAB = {
    **TOOLS,
    "grid": tool("grid", {"cell": {"type": "float", "default": 0.5}}, {"grid": "File"}, category="matrix"),
    "pam": tool("pam", {"grid": "File", "layers": "File[]"}, {"matrix": "File"}, category="matrix"),
    "shuffle": tool("shuffle", {"matrix": "File", "seed": "int"}, {"matrix": "File"}, category="matrix"),
}
ONE_POOL = {"all": PoolShape("all", slots=4)}
TWO_POOLS = {"every": PoolShape("every", slots=2), "sdm": PoolShape("sdm", ("sdm",), slots=4)}
SPLIT_IN_NINE = {"split": StepResult(states={0: ItemState.SUCCEEDED}, arrays={("species", 0): 9}, complete=True)}


def heuchera(randomisations: int = 3) -> JobDocument:
    """Return the job of the design, with randomisations at its end."""
    steps: dict[str, Any] = {
        "split": {"run": "split", "in": {"occurrences": "inputs/occurrences"}},
        "clean": {"run": "clean", "scatter": "occurrences", "in": {"occurrences": "split/species"}},
        "model": {
            "run": "model",
            "scatter": "points",
            "in": {"points": "clean/occurrences", "layers": "inputs/layers"},
        },
        "grid": {"run": "grid"},
        "pam": {"run": "pam", "in": {"grid": "grid/grid", "layers": "model/model"}},
        "random": {
            "run": "shuffle",
            "scatter": "seed",
            "in": {"matrix": "pam/matrix", "seed": {"value": list(range(randomisations))}},
        },
    }
    upload = {"upload": "x"}
    inputs = {"occurrences": upload, "layers": [upload, upload]}
    data = {"name": "Heuchera", "inputs": inputs, "steps": steps, "outputs": ["pam/matrix"]}
    return validate_document(data, ValidationContext(LAB))


def shown(plan: Plan) -> list[str]:
    """Return a plan as short lines."""
    return [f"{stage.pool}: {' '.join(stage.steps)} after {' '.join(stage.after)}".strip() for stage in plan.stages]


def test_only_the_unknown_number_of_species_cuts_in_one_pool() -> None:
    """In one pool the job has two stages: before and after the number of species is known."""
    plan = plan_stages(heuchera(), LAB, ONE_POOL, {})
    assert shown(plan) == ["all: split after", "all: clean model grid pam random after split"]
    assert plan_stages(heuchera(), LAB, ONE_POOL, SPLIT_IN_NINE) == plan
    assert plan.stage_of("pam").id == "clean"


def test_pools_cut() -> None:
    """Steps of another pool are another stage, and a pool that names a category goes before one for all."""
    plan = plan_stages(heuchera(), LAB, TWO_POOLS, {})
    assert shown(plan) == [
        "sdm: split after",
        "sdm: clean model after split",
        "every: grid pam random after clean",
    ]


def test_independent_steps_are_stages_of_their_own() -> None:
    """Steps that have nothing to do with each other do not wait for each other."""
    upload = {"upload": "x"}
    step = {"run": "split", "in": {"occurrences": "inputs/o"}}
    data = {"name": "x", "inputs": {"o": upload}, "steps": {"a": step, "b": step}, "outputs": ["a/species"]}
    document = validate_document(data, ValidationContext(LAB))
    assert shown(plan_stages(document, LAB, ONE_POOL, {})) == ["all: a after", "all: b after"]


def test_a_wide_scatter_is_cut_off_once_its_width_is_known() -> None:
    """A gather, and a scatter over what it makes, leave a stage whose scatter needs several Makeflows; ids stay."""
    sizing = Sizing(batch_seconds=1.0, max_rules=10)
    before = plan_stages(heuchera(30), LAB, ONE_POOL, {}, sizing=sizing)
    after = plan_stages(heuchera(30), LAB, ONE_POOL, SPLIT_IN_NINE, sizing=sizing)
    assert shown(before) == ["all: split after", "all: clean model grid pam random after split"]
    assert shown(after) == [
        "all: split after",
        "all: clean model after split",
        "all: grid pam after clean",
        "all: random after grid",
    ]


def test_what_no_pool_can_run_is_said_for_every_step() -> None:
    """Too little memory, and categories that nobody serves, are named with numbers."""
    small = {"small": PoolShape("small", ("sdm",), memory_mb=400)}
    with pytest.raises(PlanError) as caught:
        plan_stages(heuchera(), LAB, small, {})
    said = str(caught.value).split("; ")
    assert len(said) == 6
    assert said[0] == "step split: no pool can run this task: needs 500 MB, largest slot 400 MB"
    assert said[3] == "step grid: no pool can run this task: none serves the category matrix"


def test_steps_go_where_the_gpus_are_that_they_need() -> None:
    """What asks for a GPU runs in slots that have one, nothing else does, and without such slots that is said."""
    model = LAB["model"].model_copy(update={"resources": Resources(gpus=1)})
    lab = {**LAB, "model": model}
    pools = {"deep": PoolShape("deep", gpus=1), "plain": PoolShape("plain")}
    stages = plan_stages(heuchera(), lab, pools, {}).stages
    assert {step: stage.pool for stage in stages for step in stage.steps} == {
        step: "deep" if step == "model" else "plain" for stage in stages for step in stage.steps
    }
    with pytest.raises(PlanError, match="step model: no pool can run this task: needs 1 GPU, largest slot 0 GPU"):
        plan_stages(heuchera(), lab, {"plain": pools["plain"]}, {})


def test_the_pool_that_a_document_names_runs_every_step() -> None:
    """A named pool goes before categories, but not before what a step needs; one that is not there is named."""
    document = heuchera().model_copy(update={"pool": "sdm"})
    assert {stage.pool for stage in plan_stages(document, LAB, TWO_POOLS, {}).stages} == {"sdm"}
    small = {**TWO_POOLS, "sdm": PoolShape("sdm", ("sdm",), memory_mb=400)}
    with pytest.raises(PlanError, match="step split: no pool can run this task: needs 500 MB, largest slot 400 MB"):
        plan_stages(document, LAB, small, {})
    with pytest.raises(PlanError, match="step split: no pool can run this task: there is no pool sdm"):
        plan_stages(document, LAB, ONE_POOL, {})


def test_lengths_that_turn_out_different_are_named() -> None:
    """Two arrays scattered together that are known to differ only when they are there make the plan fail."""
    document = heuchera().model_dump(by_alias=True, exclude_unset=True)
    document["steps"]["random"] = {
        "run": "model",
        "scatter": ["points", "rate"],
        "in": {"points": "split/species", "rate": {"value": [1, 2]}, "layers": "inputs/layers"},
    }
    job = validate_document(document, ValidationContext(LAB))
    with pytest.raises(PlanError, match=r"step random: .* points has 9, rate has 2"):
        plan_stages(job, LAB, ONE_POOL, SPLIT_IN_NINE)


def test_a_summary_shows_what_is_known() -> None:
    """The summary names stages, pools and categories; counts of what is not known yet are None."""
    summary = plan_summary(heuchera(), LAB, TWO_POOLS, seconds_per_item={"shuffle": 4.0})
    assert summary["pools"] == ["every", "sdm"]
    assert summary["categories"] == ["matrix", "sdm"]
    assert summary["tasks"] is None
    steps = {step["step"]: (step["items"], step["tasks"]) for stage in summary["stages"] for step in stage["steps"]}
    assert steps == {
        "split": (1, 1),
        "clean": (None, None),
        "model": (None, None),
        "grid": (1, 1),
        "pam": (1, 1),
        "random": (3, 3),
    }


def test_joining_never_makes_groups_wait_for_each_other() -> None:
    """A link around another group keeps two groups apart, until that group has joined one of them."""
    links = [("a", "b"), ("b", "c"), ("a", "c")]
    assert group("abc", links, [("b", "c")]) == [("a", "b"), ("c",)]
    assert group("abc", links, [("a", "b"), ("b", "c")]) == [("a",), ("b",), ("c",)]
    assert group("abc", links, []) == [("a", "b", "c")]


def test_a_retry_drops_only_what_is_outdated() -> None:
    """One species that failed outdates the matrix and all made from it, but no other species' model."""

    def done(*states: ItemState) -> StepResult:
        items = tuple(range(len(states)))
        return StepResult(len(states), (BundleItems("x.tar", items),), dict(enumerate(states)), complete=True)

    good, bad, never = ItemState.SUCCEEDED, ItemState.FAILED, ItemState.NOT_RUN
    results = {"clean": done(good, bad), "model": done(good, never), "grid": done(good), "pam": done(good)}
    assert stale_steps(heuchera(), LAB, results) == {"pam"}
    results |= {"random": done(good, good, good)}
    assert stale_steps(heuchera(), LAB, results) == {"pam", "random"}
    results |= {"clean": done(good, good), "model": done(good, ItemState.SKIPPED)}
    assert stale_steps(heuchera(), LAB, results) == frozenset()
