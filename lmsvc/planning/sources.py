"""Where the inputs of items come from: sources for task specifications."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from lmsvc.jobs.document import JobDocument, StepInput, Value, is_merged
from lmsvc.jobs.names import Reference
from lmsvc.jobs.tools import ToolRegistry
from lmsvc.planning.inputs import value_input
from lmsvc.planning.links import is_array, is_scattered, parsed
from lmsvc.planning.results import PlanError, ResolvedInput, SourceDict, StepResult


class Element(NamedTuple):
    """One element of what a step is scattered over."""

    source: SourceDict
    label: str | None


@dataclass
class Outcome:
    """What a step has come to or will: where its items are."""

    bundles: dict[int, str] = field(default_factory=dict)
    """Item to the bundle that has it, or will have it."""
    labels: dict[int, str | None] = field(default_factory=dict)
    arrays: Mapping[tuple[str, int], int] = field(default_factory=dict)

    @classmethod
    def of(cls, result: StepResult) -> "Outcome":
        """Return what a step has come to; a later bundle wins over an earlier one."""
        bundles = {item: entry.bundle for entry in result.bundles for item in entry.items}
        return cls(bundles, dict(result.labels), result.arrays)


class Sources:
    """Makes the sources of step inputs from the outcomes of steps, which grow while a stage is built."""

    def __init__(
        self,
        document: JobDocument,
        tools: ToolRegistry,
        inputs: Mapping[str, ResolvedInput],
        outcomes: Mapping[str, Outcome],
    ) -> None:
        """Keep what sources are made from."""
        self._document, self._tools, self._inputs, self._outcomes = document, tools, inputs, outcomes

    def whole(self, binding: StepInput) -> SourceDict:
        """Return the source of an input that is the same for all items."""
        if isinstance(binding, Value):
            return {"value": binding.value}
        parts = [self._whole_reference(reference) for reference in parsed(binding)]
        return {"merge": parts} if is_merged(binding) else parts[0]

    def _whole_reference(self, used: Reference) -> SourceDict:
        if used.step is None:
            return self._inputs[used.name].source
        if is_scattered(self._document, used.step):
            return self._gather(used.step, used.name)
        return self._item(used.step, 0, used.name)

    def _gather(self, step: str, output: str) -> SourceDict:
        bundles = self._outcomes[step].bundles
        runs = groupby(sorted(bundles), key=lambda item: bundles[item])
        return {"gather": [{"bundle": bundle, "items": list(items)} for bundle, items in runs], "output": output}

    def _item(self, step: str, item: int, output: str, element: int | None = None) -> SourceDict:
        bundle = self._outcomes[step].bundles.get(item)
        if bundle is None:
            raise PlanError(f"item {item} of step {step} is in no bundle")
        return {"bundle": bundle, "item": item, "output": output, "element": element}

    def elements(self, binding: StepInput) -> list[Element]:
        """Return the elements of an input that is scattered over, in order."""
        if isinstance(binding, Value):
            return list(_given(value_input(binding.value)))
        return [element for used in parsed(binding) for element in self._elements(used)]

    def _elements(self, used: Reference) -> Iterable[Element]:
        if used.step is None:
            return _given(self._inputs[used.name])
        if is_array(self._document, self._tools, used):
            return self._array_elements(used.step, used.name)
        return self._item_elements(used.step, used.name)

    def _item_elements(self, step: str, output: str) -> Iterator[Element]:
        outcome = self._outcomes[step]
        for item in sorted(outcome.bundles):
            yield Element(self._item(step, item, output), outcome.labels.get(item))

    def _array_elements(self, step: str, output: str) -> Iterator[Element]:
        arrays = self._outcomes[step].arrays
        for item in sorted(item for name, item in arrays if name == output):
            for number in range(arrays[output, item]):
                yield Element(self._item(step, item, output, number), None)


def _given(given: ResolvedInput) -> Iterator[Element]:
    for source in (given.source,) if given.elements is None else given.elements:
        yield Element(source, _label(source))


def _label(source: SourceDict) -> str | None:
    if "value" not in source:
        label = source.get("label")
        return None if label is None else str(label)
    value = source["value"]
    if value is None or isinstance(value, list | dict):
        return None
    return value if isinstance(value, str) else json.dumps(value)


def bundles_of(source: SourceDict) -> Iterator[str]:
    """Yield the names of the bundles that a source reads."""
    if "bundle" in source:
        yield source["bundle"]
    for part in source.get("gather", ()):
        yield part["bundle"]
    for part in source.get("merge", ()):
        yield from bundles_of(part)


def files_of(source: SourceDict) -> Iterator[str]:
    """Yield the paths of the files that a source reads and that must travel with the task."""
    if "file" in source and not str(source["file"]).startswith("/"):
        yield source["file"]
    for part in source.get("merge", ()):
        yield from files_of(part)


class Needs(NamedTuple):
    """What sources read, in order and each once."""

    bundles: tuple[str, ...]
    files: tuple[str, ...]


def needs(sources: Sequence[SourceDict]) -> Needs:
    """Return the bundles and files that sources read."""
    bundles = dict.fromkeys(name for source in sources for name in bundles_of(source))
    files = dict.fromkeys(name for source in sources for name in files_of(source))
    return Needs(tuple(bundles), tuple(files))
