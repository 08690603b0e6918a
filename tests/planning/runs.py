"""Runs whole random jobs through the planner, and checks on the way everything it promises."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lmsvc.jobs.states import ItemState, is_kept
from lmsvc.planning.batches import Sizing, most_items
from lmsvc.planning.inputs import lengths as input_lengths
from lmsvc.planning.lengths import step_lengths
from lmsvc.planning.links import Link, edges, is_scattered, item_chains
from lmsvc.planning.results import StepResult
from lmsvc.planning.retry import stale_steps
from lmsvc.planning.stages import Plan, Stage, plan_stages
from lmsvc.planning.tasks import Shard, StageRequest, build_stage
from tests.planning.worlds import POOLS, SECONDS, TOOLS, Meaning, World


@dataclass
class Run:
    """One job on its way through the planner."""

    world: World
    sizing: Sizing
    attempt: int = 1
    finished: dict[str, Stage] = field(default_factory=dict)
    lengths: dict[str, int | None] = field(default_factory=dict)

    def results(self) -> dict[str, StepResult]:
        """Return what the steps have come to so far."""
        return self.world.results(lengths=self.lengths)

    def plan(self) -> Plan:
        """Plan the job as it stands."""
        document = self.world.document
        given = input_lengths(document, {})
        plan = plan_stages(document, TOOLS, POOLS, self.results(), input_lengths=given, sizing=self.sizing)
        check_plan(self.world, plan)
        return plan

    def run(self) -> None:
        """Run all stages, whichever can start, one after the other."""
        plan = self.plan()
        while ready := [stage for stage in plan.stages if self._can_start(stage)]:
            for stage in ready:
                self._run_stage(stage)
            later = self.plan()
            ids = {stage.id for stage in later.stages}
            assert ids >= {stage.id for stage in plan.stages}, "stages keep their ids"
            assert all(stage in later.stages for stage in self.finished.values()), "started stages do not change"
            plan = later
        assert set(self.finished) == {stage.id for stage in plan.stages}
        self._check_contents()

    def _can_start(self, stage: Stage) -> bool:
        return stage.id not in self.finished and all(before in self.finished for before in stage.after)

    def _run_stage(self, stage: Stage) -> None:
        results = self.results()
        shards = self._build(stage, results)
        assert shards == self._build(stage, results), "planning is deterministic"
        known = step_lengths(self.world.document, TOOLS, results, input_lengths(self.world.document, {}))
        self.lengths |= {step: known.get(step) for step in stage.steps}
        for step in stage.steps:
            self._forget_unfit(step, results)
        check_shards(self, stage, shards, results)
        for shard in shards:
            for task in shard.tasks:
                self.world.run(task, self.attempt)
        self.finished[stage.id] = stage

    def _forget_unfit(self, step: str, results: Mapping[str, StepResult]) -> None:
        if step in results and results[step].length != self.lengths[step]:
            self.world.items[step] = {}

    def _build(self, stage: Stage, results: Mapping[str, StepResult]) -> tuple[Shard, ...]:
        return build_stage(
            StageRequest(
                job_id="job",
                document=self.world.document,
                tools=TOOLS,
                stage=stage,
                pool=POOLS[stage.pool],
                results=results,
                inputs=self.world.inputs(),
                seconds_per_item=SECONDS,
                attempt=self.attempt,
                batch_seconds=self.sizing.batch_seconds,
                max_rules=self.sizing.max_rules,
            )
        )

    def retry(self) -> None:
        """Start the next attempt: drop what is stale and what did not succeed."""
        for step in stale_steps(self.world.document, TOOLS, self.results()):
            self.world.items[step] = {}
        for step, items in self.world.items.items():
            self.world.items[step] = {number: item for number, item in items.items() if is_kept(item.state)}
        self.attempt += 1
        self.finished.clear()

    def unkept(self) -> set[tuple[str, int]]:
        """Return the items that are not done."""
        return {
            (step, number)
            for step, items in self.world.items.items()
            for number, item in items.items()
            if not is_kept(item.state)
        }

    def _check_contents(self) -> None:
        meaning = Meaning(self.world)
        for step, items in self.world.items.items():
            for number, item in items.items():
                if item.state is ItemState.SUCCEEDED:
                    wanted = self.world.output(step, number, meaning.inputs(step, number))
                    assert item.output == wanted, f"{step} {number} was made from something else"


def check_plan(world: World, plan: Plan) -> None:
    """Check what holds for every plan."""
    document = world.document
    steps = [step for stage in plan.stages for step in stage.steps]
    assert sorted(steps) == sorted(document.steps), "every step is in one stage"
    stage_of = {step: stage for stage in plan.stages for step in stage.steps}
    links = edges(document, TOOLS)
    seen = set[str]()
    for stage in plan.stages:
        assert stage.id == stage.steps[0]
        assert seen.issuperset(stage.after), "no circles"
        seen.add(stage.id)
        categories = {TOOLS[document.steps[step].run].category for step in stage.steps}
        assert {stage.pool} == {"first" if category in ("quick", "slow") else "rest" for category in categories}
        needed = {
            stage_of[edge.producer].id
            for edge in links
            if edge.consumer in stage.steps and edge.producer not in stage.steps
        }
        assert set(stage.after) == needed, "a stage waits for those it needs, and no other"
    for edge in links:
        if edge.link is Link.ELEMENTS:
            assert stage_of[edge.producer] != stage_of[edge.consumer], "an unknown length is a boundary"


def check_shards(run: Run, stage: Stage, shards: tuple[Shard, ...], results: Mapping[str, StepResult]) -> None:
    """Check what holds for the tasks of every stage."""
    tasks = [task for shard in shards for task in shard.tasks]
    assert all(shard.tasks for shard in shards)
    assert len({task.id for task in tasks}) == len(tasks)
    built = [(task.step, item) for task in tasks for item in task.items]
    assert len(built) == len(set(built)), "no item is in two tasks"
    assert set(built) == set(_missing(run, stage)), "every item that is missing is built, and no other"
    _check_bundles(run, shards)
    _check_batches(run, stage, shards)


def _missing(run: Run, stage: Stage) -> Iterator[tuple[str, int]]:
    for step in stage.steps:
        length = run.lengths[step]
        assert (length is None) == (not is_scattered(run.world.document, step))
        items = run.world.items.get(step, {})
        for number in range(1 if length is None else length):
            if number not in items:
                yield step, number


def _check_bundles(run: Run, shards: tuple[Shard, ...]) -> None:
    for shard in shards:
        there = set(run.world.bundles)
        for task in shard.tasks:
            assert there.issuperset(task.needs_bundles), "a task needs bundles of its shard or of finished stages"
            there.add(task.bundle)


def _check_batches(run: Run, stage: Stage, shards: tuple[Shard, ...]) -> None:
    document, slots = run.world.document, POOLS[stage.pool].slots
    for chain in item_chains(stage.steps, edges(document, TOOLS)):
        tasks = [task for shard in shards for task in shard.tasks if task.step in chain]
        items = len({item for task in tasks for item in task.items})
        for task in tasks:
            seconds = SECONDS[document.steps[task.step].run]
            assert len(task.items) <= most_items(seconds, items, slots, run.sizing.batch_seconds)
            for other in tasks if run.attempt == 1 else ():
                mine, theirs = set(task.items), set(other.items)
                assert mine <= theirs or theirs <= mine or not mine & theirs, "ranges are aligned"
        if len(shards) > 1:
            assert len(stage.steps) == len(chain), "only a chain is cut into shards"
            assert all(len(shard.tasks) <= max(run.sizing.max_rules, len(chain)) for shard in shards)
