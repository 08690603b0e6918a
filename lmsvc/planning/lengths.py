"""Of how many items each scattered step consists, as far as that is known."""

from collections.abc import Mapping

from lmsvc.jobs.document import JobDocument, StepInput, Value
from lmsvc.jobs.names import Reference
from lmsvc.jobs.tools import ToolRegistry
from lmsvc.planning.links import in_order, is_array, is_scattered, parsed
from lmsvc.planning.results import PlanError, StepResult

Lengths = Mapping[str, int | None]
"""The number of items of each scattered step; None while it is unknown."""


def step_lengths(
    document: JobDocument,
    tools: ToolRegistry,
    results: Mapping[str, StepResult],
    input_lengths: Mapping[str, int],
) -> Lengths:
    """Work out the length of every scattered step.

    Args:
        document: a valid job document.
        tools: the registered tools.
        results: what the steps have come to so far.
        input_lengths: number of elements of the job's array inputs.

    Raises:
        PlanError: inputs scattered together have different lengths.
    """
    counting = _Counting(document, tools, results, input_lengths)
    for name in in_order(document):
        if is_scattered(document, name):
            counting.count(name)
    return counting.lengths


class _Counting:
    def __init__(
        self,
        document: JobDocument,
        tools: ToolRegistry,
        results: Mapping[str, StepResult],
        input_lengths: Mapping[str, int],
    ) -> None:
        self._document, self._tools, self._results, self._inputs = document, tools, results, input_lengths
        self.lengths: dict[str, int | None] = {}

    def count(self, name: str) -> None:
        step = self._document.steps[name]
        found = {given: self._of_binding(step.in_[given]) for given in step.scatter}
        known = {given: length for given, length in found.items() if length is not None}
        if len(set(known.values())) > 1:
            said = ", ".join(f"{given} has {length}" for given, length in known.items())
            raise PlanError(f"step {name}: scattered inputs must have as many elements each: {said}")
        self.lengths[name] = next(iter(known.values()), None)

    def _of_binding(self, binding: StepInput) -> int | None:
        if isinstance(binding, Value):
            return len(binding.value) if isinstance(binding.value, list) else None
        counts = [self._of_reference(reference) for reference in parsed(binding)]
        return None if None in counts else sum(count for count in counts if count is not None)

    def _of_reference(self, used: Reference) -> int | None:
        if used.step is None:
            return self._of_input(used.name)
        if is_array(self._document, self._tools, used):
            return self._of_elements(used.step, used.name)
        return self.lengths[used.step] if is_scattered(self._document, used.step) else 1

    def _of_input(self, name: str) -> int | None:
        given = self._document.inputs[name]
        if isinstance(given, list):
            return len(given)
        if isinstance(given, Value):
            return len(given.value) if isinstance(given.value, list) else 1
        return self._inputs.get(name, None if hasattr(given, "layers") else 1)

    def _of_elements(self, step: str, output: str) -> int | None:
        result = self._results.get(step)
        if result is None or not result.complete:
            return None
        return sum(count for (name, _), count in result.arrays.items() if name == output)
