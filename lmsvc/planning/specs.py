"""Writes task specifications: everything the step runner has to know about one batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lmsvc.jobs.document import Step, Value
from lmsvc.jobs.tools import Binding, Tool
from lmsvc.planning.results import PlanError, PoolShape, SourceDict
from lmsvc.planning.sources import Element, Sources

FORMAT: Final = 1


@dataclass(frozen=True)
class StepSources:
    """The sources of one step: those that all items share, and those of each item."""

    common: dict[str, SourceDict]
    scattered: dict[str, list[Element]]
    labels: list[str | None]
    """By item the label of the first input scattered over that has one."""

    def of_item(self, item: int) -> dict[str, SourceDict]:
        """Return the sources of an item's own inputs."""
        return {name: elements[item].source for name, elements in self.scattered.items()}


def step_sources(name: str, step: Step, tool: Tool, sources: Sources, length: int) -> StepSources:
    """Work out where the inputs of all items of a step come from.

    Raises:
        PlanError: an item that is needed has not been run, or was lost.
    """
    common = {given: _common(step, tool, given, sources) for given in tool.inputs if given not in step.scatter}
    scattered = {given: sources.elements(step.in_[given]) for given in step.scatter}
    for given, elements in scattered.items():
        if len(elements) != length:
            raise PlanError(f"step {name} needs {length} elements for {given}, and there are {len(elements)}")
    each = zip(*scattered.values(), strict=True) if scattered else [()]
    return StepSources(common, scattered, [_first_label(elements) for elements in each])


def _first_label(elements: Sequence[Element]) -> str | None:
    for element in elements:
        if element.label is not None:
            return element.label
    return None


def _common(step: Step, tool: Tool, name: str, sources: Sources) -> SourceDict:
    default = {"value": tool.inputs[name].default}
    binding = step.in_.get(name, Value(value=None))
    if isinstance(binding, Value) and binding.value is None:
        return default
    source = sources.whole(binding)
    return default if source == {"value": None} else source


def tool_spec(tool: Tool) -> dict[str, Any]:
    """Return what the step runner has to know about a tool."""
    return {
        "id": tool.id,
        "base_command": list(tool.base_command),
        "arguments": list(tool.arguments),
        "warm_command": list(tool.warm_command),
        "inputs": {
            name: {"type": str(given.type), "binding": _binding(given.binding)} for name, given in tool.inputs.items()
        },
        "outputs": {name: {"type": str(made.type), "glob": made.glob} for name, made in tool.outputs.items()},
        "success_codes": list(tool.success_codes),
    }


def _binding(binding: Binding | None) -> dict[str, Any] | None:
    return None if binding is None else binding.model_dump()


def limits_spec(tool: Tool) -> dict[str, float]:
    """Return the bounds of one item."""
    needs = tool.resources
    return {"memory_mb": needs.memory_mb, "seconds": needs.seconds, "disk_mb": needs.disk_mb}


def shared_spec(tool: Tool, retries: int, pool: PoolShape) -> dict[str, Any]:
    """Return what is the same for all tasks of a step.

    Args:
        tool: what the step runs.
        retries: how often a failed item is tried again.
        pool: where it runs, to be named where a program is not there.
    """
    place = {"pool": pool.name, "image": pool.image}
    return {"tool": tool_spec(tool), "limits": limits_spec(tool), "retries": retries, "place": place}


def task_spec(
    task: str, step: str, shared: Mapping[str, Any], sources: StepSources, items: Sequence[int]
) -> dict[str, Any]:
    """Return the specification of a task.

    Args:
        task: its id.
        step: its step.
        shared: what `shared_spec` returns, the same for all tasks of the step.
        sources: the sources of the step.
        items: the items of the batch.
    """
    rows = [{"index": item, "label": sources.labels[item], "inputs": sources.of_item(item)} for item in items]
    head = {"format": FORMAT, "task": task, "step": step, **shared}
    return {**head, "bundle": f"{task}.tar", "common": sources.common, "items": rows}
