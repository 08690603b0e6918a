"""Random jobs, and a world in which their tasks are run without any program: what the planner is tested with.

The content of an output is a number made from everything that went into it, so that a wrong source anywhere gives a
wrong number in the end.
"""

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lmsvc.jobs.context import ValidationContext
from lmsvc.jobs.document import JobDocument
from lmsvc.jobs.states import ItemState, is_kept
from lmsvc.jobs.validation import validate_document
from lmsvc.planning.inputs import resolve
from lmsvc.planning.results import BundleItems, PoolShape, ResolvedInput, StepResult
from lmsvc.planning.tasks import Task
from tests.jobs.examples import tool

CATEGORIES = ("quick", "slow", "other")
SECONDS = {"quick": 0.3, "slow": 0.7, "other": 3.0}
INPUTS = {"file": "File?", "files": "File[]?", "each": "File?", "also": "File?"}
TOOLS = {
    name: tool(name, INPUTS, {"one": "File", "some": "File[]"}, category=name, resources={"seconds_per_item": seconds})
    for name, seconds in SECONDS.items()
}
POOLS = {
    "first": PoolShape("first", ("quick", "slow"), slots=3),
    "rest": PoolShape("rest", ("*",), slots=5),
}
CONTEXT = ValidationContext(TOOLS)


def random_document(rng: random.Random, most_steps: int = 7, most_items: int = 25) -> JobDocument:
    """Make up a valid job document."""
    return validate_document(_Author(rng, most_items).document(rng.randint(1, most_steps)), CONTEXT)


class _Author:
    def __init__(self, rng: random.Random, most_items: int) -> None:
        self._rng, self._steps = rng, dict[str, dict[str, Any]]()
        uploads = [{"upload": f"u{number}", "label": f"label {number}"} for number in range(most_items)]
        lengths = {"few": rng.randint(0, 3), "many": rng.randint(1, most_items)}
        self._inputs = {"file": {"upload": "f"}, **{name: uploads[:length] for name, length in lengths.items()}}

    def document(self, steps: int) -> dict[str, Any]:
        for number in range(steps):
            self._steps[f"s{number}"] = self._step()
        outputs = [f"{name}/one" for name in self._steps]
        return {"name": "random", "inputs": self._inputs, "steps": self._steps, "outputs": outputs}

    def _step(self) -> dict[str, Any]:
        rng = self._rng
        step: dict[str, Any] = {"run": rng.choice(CATEGORIES), "in": {}}
        if rng.random() < 0.4:
            step["in"]["file"] = rng.choice(["inputs/file", *self._outputs(scattered=False, name="one")])
        if rng.random() < 0.4:
            step["in"]["files"] = self._array()
        if rng.random() < 0.6:
            step["in"]["each"] = self._array()
            step["scatter"] = ["each"]
            if rng.random() < 0.3:
                step["in"]["also"] = step["in"]["each"]
                step["scatter"] = ["also", "each"]
        return step

    def _array(self) -> str | list[str]:
        some = self._outputs(scattered=True, name="one") * 4 + self._outputs(scattered=True, name="some")
        some += [*self._outputs(scattered=False, name="some"), "inputs/few", "inputs/many"]
        if self._rng.random() < 0.8:
            return self._rng.choice(some)
        return [self._rng.choice([*some, "inputs/file"]) for _ in range(self._rng.randint(1, 3))]

    def _outputs(self, *, scattered: bool, name: str) -> list[str]:
        return [f"{step}/{name}" for step, said in self._steps.items() if ("scatter" in said) == scattered]


Content = str | int | None | tuple[str | int | None, ...]
"""What stands for the content of a value: one thing, or an array of things."""


class Output(NamedTuple):
    """What an item gave: contents of `one` and of `some`."""

    one: int
    some: tuple[int, ...]


@dataclass
class Item:
    """An item that has been run."""

    state: ItemState
    bundle: str
    output: Output


@dataclass
class World:
    """Runs tasks: which items fail or are skipped, and how long arrays are, depends on a seed only."""

    document: JobDocument
    seed: int
    failing: float = 0.15
    """How many of the items fail in the first attempt; in later ones none does."""
    items: dict[str, dict[int, Item]] = field(default_factory=dict)
    bundles: dict[str, set[int]] = field(default_factory=dict)

    def inputs(self) -> dict[str, ResolvedInput]:
        """Return the inputs of the job as sources."""
        return resolve(self.document, {}, lambda up: {"file": up.upload, "label": up.label}, lambda *_: {})

    def run(self, task: Task, attempt: int) -> None:
        """Run a task whose needed bundles are there."""
        assert task.bundle not in self.bundles, "a bundle is made once"
        spec = task.spec
        for entry in spec["items"]:
            sources = {**spec["common"], **entry["inputs"]}
            contents, states = zip(*(self.read(source) for source in sources.values()), strict=True)
            state = max(states, key=_RANK.index)
            state = self._fate(task.step, entry["index"], attempt) if state is ItemState.SUCCEEDED else state
            made = dict(zip(sources, contents, strict=True))
            item = Item(state, task.bundle, self.output(task.step, entry["index"], made))
            self.items.setdefault(task.step, {})[entry["index"]] = item
        self.bundles[task.bundle] = {entry["index"] for entry in spec["items"]}

    def _fate(self, step: str, item: int, attempt: int) -> ItemState:
        chance = random.Random(f"{self.seed}/{step}/{item}/fate").random()
        if chance < self.failing and attempt == 1:
            return ItemState.FAILED
        return ItemState.SKIPPED if chance > 0.95 else ItemState.SUCCEEDED

    def output(self, step: str, item: int, inputs: Mapping[str, Any]) -> Output:
        """Return what an item makes from the contents of its inputs."""
        content = hash((step, item, tuple(sorted(inputs.items()))))
        length = random.Random(f"{self.seed}/{step}/{item}/length").choice([0, 1, 2, 3])
        return Output(content, tuple(hash((content, number)) for number in range(length)))

    def read(self, source: Mapping[str, Any]) -> tuple[Any, ItemState]:
        """Return the content of a source, and what becomes of an item that needs it."""
        if "value" in source:
            return source["value"], ItemState.SUCCEEDED
        if "file" in source:
            return source["file"], ItemState.SUCCEEDED
        if "bundle" in source:
            return self._read_item(source)
        if "gather" in source:
            parts = self._read_gather(source)
            return _flat(content for content, state in parts if state is ItemState.SUCCEEDED), ItemState.SUCCEEDED
        merged = [self.read(part) for part in source["merge"]]
        worst = max((state for _, state in merged), key=_RANK.index, default=ItemState.SUCCEEDED)
        return _flat(content for content, _ in merged), worst

    def _read_item(self, source: Mapping[str, Any]) -> tuple[Any, ItemState]:
        step = source["bundle"].split(".")[0]
        item = self.items[step][source["item"]]
        assert item.bundle == source["bundle"], "the bundle that counts is read"
        if item.state != ItemState.SUCCEEDED:
            return None, ItemState.SKIPPED if is_kept(item.state) else ItemState.NOT_RUN
        content = getattr(item.output, source["output"])
        return (content if source["element"] is None else content[source["element"]]), ItemState.SUCCEEDED

    def _read_gather(self, source: Mapping[str, Any]) -> Iterator[tuple[Any, ItemState]]:
        for part in source["gather"]:
            for item in part["items"]:
                yield self._read_item({**part, "item": item, "output": source["output"], "element": None})

    def results(self, *, lengths: Mapping[str, int | None]) -> dict[str, StepResult]:
        """Return what the steps have come to so far.

        Args:
            lengths: items of the steps that have been started; None for steps that are not scattered.
        """
        return {step: self._result(step, length) for step, length in lengths.items()}

    def _result(self, step: str, length: int | None) -> StepResult:
        items = self.items.get(step, {})
        bundles: dict[str, list[int]] = {}
        for number, item in sorted(items.items()):
            bundles.setdefault(item.bundle, []).append(number)
        good = {number: item.output for number, item in items.items() if item.state is ItemState.SUCCEEDED}
        return StepResult(
            length=length,
            bundles=tuple(BundleItems(bundle, tuple(numbers)) for bundle, numbers in bundles.items()),
            states={number: item.state for number, item in items.items()},
            arrays={("some", number): len(output.some) for number, output in good.items()},
            complete=len(items) == (1 if length is None else length),
        )


_RANK = [ItemState.SUCCEEDED, ItemState.SKIPPED, ItemState.NOT_RUN]


def _flat(contents: Iterable[Any]) -> tuple[Any, ...]:
    found = list[Any]()
    for content in contents:
        found += content if isinstance(content, tuple) else [content]
    return tuple(found)


class Meaning:
    """What the words of a document mean, told apart from the planner: the contents that each item must have read."""

    def __init__(self, world: World) -> None:
        """Read the contents of outputs from a world."""
        self._document, self._world = world.document, world

    def inputs(self, step: str, item: int) -> dict[str, Any]:
        """Return the contents of an item's inputs."""
        said = self._document.steps[step]
        found: dict[str, Any] = dict.fromkeys(INPUTS)
        for name, binding in said.in_.items():
            used = [binding] if isinstance(binding, str) else binding
            assert isinstance(used, list)
            if name in said.scatter:
                found[name] = [content for text in used for content in self._elements(text)][item]
            else:
                whole = [self._whole(text) for text in used]
                found[name] = whole[0] if isinstance(binding, str) else _flat(whole)
        return found

    def _given(self, name: str) -> Content:
        given = self._document.inputs[name]
        return tuple(up.upload for up in given) if isinstance(given, list) else getattr(given, "upload", None)

    def _whole(self, text: str) -> Content:
        owner, _, name = text.partition("/")
        if owner == "inputs":
            return self._given(name)
        items = [
            item.output for _, item in sorted(self._world.items.get(owner, {}).items()) if item.state == "succeeded"
        ]
        contents: list[Content] = [getattr(output, name) for output in items]
        return _flat(contents) if self._document.steps[owner].scatter else contents[0]

    def _elements(self, text: str) -> list[Any]:
        owner, _, name = text.partition("/")
        if owner == "inputs":
            return list(_flat([self._given(name)]))
        items = [item for _, item in sorted(self._world.items.get(owner, {}).items())]
        if name == "some":
            return list(_flat(item.output.some for item in items if item.state == "succeeded"))
        return [item.output.one if item.state == "succeeded" else None for item in items]
