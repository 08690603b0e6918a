"""What is done of a job: read from its bundles, which are the only truth about it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lmsvc.files import write_json
from lmsvc.jobs.states import ItemState
from lmsvc.planning.results import BundleItems, StepResult
from lmsvc.worker.step_runner import read_status

_UNFINISHED = (ItemState.FAILED, ItemState.NOT_RUN)


@dataclass(frozen=True, slots=True)
class ItemResult:
    """How one item of a step ended, and in which bundle.

    Attributes:
        arrays: length of each array output.
        generation: number of the attempt that ran it; a later one replaces an earlier one.
    """

    state: ItemState
    label: str | None
    reason: str | None
    bundle: str
    generation: int
    arrays: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Forget:
    """Which results a retry does not count.

    Attributes:
        unfinished: failed and not-run items of attempts up to this one.
        steps: every item of a step, of attempts up to the number given.
    """

    unfinished: int = 0
    steps: Mapping[str, int] | None = None

    def covers(self, step: str, state: ItemState, generation: int) -> bool:
        """Return whether a result is to be forgotten."""
        if generation <= (self.steps or {}).get(step, 0):
            return True
        return state in _UNFINISHED and generation <= self.unfinished

    @classmethod
    def load(cls, path: Path) -> "Forget":
        """Read what the last retry wrote, or nothing to forget."""
        if not path.exists():
            return cls()
        data = json.loads(path.read_text(encoding="utf-8"))
        return cls(unfinished=data["unfinished"], steps=data["steps"])

    def save(self, path: Path) -> None:
        """Write it for the attempts to come."""
        write_json(path, {"unfinished": self.unfinished, "steps": dict(self.steps or {})}, indent=1)


def generation_of(task: str) -> int:
    """Return the attempt number in a task's id ``<step>.<attempt>.<number>``."""
    return int(task.rsplit(".", 2)[1])


class JobResults:
    """The results of a job's steps as bundles come in."""

    def __init__(self, forget: Forget) -> None:
        """Start with nothing done."""
        self._forget = forget
        self._items: dict[str, dict[int, ItemResult]] = {}
        self._lengths: dict[str, int | None] = {}

    def load(self, bundles: Path) -> None:
        """Add every bundle of a directory, oldest attempt first."""
        for path in sorted(bundles.glob("*.tar"), key=lambda path: (generation_of(path.stem), path.name)):
            self.add(read_status(path), path.name)

    def statuses(self, bundles: Path) -> Iterator[dict[str, Any]]:
        """Yield the status of every bundle that counts, with only those of its items that count."""
        for step, items in self._items.items():
            for name in sorted({item.bundle for item in items.values()}):
                status = read_status(bundles / name)
                status["items"] = [item for item in status["items"] if self._counts(step, item["index"], name)]
                yield status

    def _counts(self, step: str, index: int, bundle: str) -> bool:
        item = self._items[step].get(index)
        return item is not None and item.bundle == bundle

    def add(self, status: Mapping[str, Any], bundle: str) -> list[int]:
        """Add the items of one bundle; return the indices that count."""
        step, generation = status["step"], generation_of(status["task"])
        items = self._items.setdefault(step, {})
        counted = []
        for item in status["items"]:
            result = _item_result(item, bundle, generation)
            known = items.get(item["index"])
            stale = known is not None and known.generation > generation
            if not stale and not self._forget.covers(step, result.state, generation):
                items[item["index"]] = result
                counted.append(item["index"])
        return counted

    def set_length(self, step: str, length: int | None) -> None:
        """Note how many items a step has; None where it is not scattered."""
        self._lengths[step] = length

    def total(self, step: str) -> int | None:
        """Return the number of items of a step, or None while unknown."""
        if step not in self._lengths:
            return None
        length = self._lengths[step]
        return 1 if length is None else length

    def complete(self, step: str) -> bool:
        """Return whether every item of a step has ended."""
        return self.total(step) == len(self._items.get(step, {}))

    def items(self, step: str) -> Mapping[int, ItemResult]:
        """Return the items of a step that ended."""
        return self._items.get(step, {})

    def count(self, step: str, *states: ItemState) -> int:
        """Return how many items of a step ended in one of some states."""
        return sum(item.state in states for item in self.items(step).values())

    def steps(self) -> dict[str, StepResult]:
        """Return what the planner needs to know of every step that has begun."""
        names = self._lengths.keys() | self._items.keys()
        return {step: self._step_result(step) for step in names}

    def _step_result(self, step: str) -> StepResult:
        items = self.items(step)
        return StepResult(
            length=self._lengths.get(step),
            bundles=tuple(_bundle_items(items)),
            states={index: item.state for index, item in items.items()},
            labels={index: item.label for index, item in items.items()},
            arrays={(name, index): n for index, item in items.items() for name, n in item.arrays},
            complete=self.complete(step),
        )


def _item_result(item: Mapping[str, Any], bundle: str, generation: int) -> ItemResult:
    arrays = tuple((name, len(value)) for name, value in item["outputs"].items() if isinstance(value, list))
    return ItemResult(ItemState(item["state"]), item["label"], item["reason"], bundle, generation, arrays)


def _bundle_items(items: Mapping[int, ItemResult]) -> Iterator[BundleItems]:
    by_bundle: dict[str, list[int]] = {}
    for index in sorted(items):
        by_bundle.setdefault(items[index].bundle, []).append(index)
    for bundle, indices in by_bundle.items():
        yield BundleItems(bundle=bundle, items=tuple(indices))
