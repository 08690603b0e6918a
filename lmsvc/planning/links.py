"""How steps hang together: which kind of link leads from each step to those that use it."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lmsvc.jobs.document import JobDocument, StepInput, is_merged, references
from lmsvc.jobs.graph import ordered
from lmsvc.jobs.names import Reference
from lmsvc.jobs.tools import ToolRegistry
from lmsvc.planning.grouping import group


class Link(StrEnum):
    """What a step takes from another."""

    WHOLE = "whole"
    """The output of a step that is not scattered."""
    ITEM = "item"
    """Item i takes the output of item i."""
    GATHER = "gather"
    """The outputs of all items together."""
    ELEMENTS = "elements"
    """One item per element of array outputs: how many there are is known when the step has run."""


@dataclass(frozen=True)
class Edge:
    """One use of a step's output by another step."""

    producer: str
    consumer: str
    link: Link


def is_scattered(document: JobDocument, step: str) -> bool:
    """Say whether a step runs once per element of something."""
    return bool(document.steps[step].scatter)


def is_array(document: JobDocument, tools: ToolRegistry, reference: Reference) -> bool:
    """Say whether each item of a referenced step gives an array."""
    return reference.step is not None and tools[document.steps[reference.step].run].outputs[reference.name].type.array


def edges(document: JobDocument, tools: ToolRegistry) -> tuple[Edge, ...]:
    """Return every use of a step's output by another step, without repetitions."""
    return tuple(dict.fromkeys(_edges(document, tools)))


def within(steps: Collection[str], links: Collection[Edge]) -> list[Edge]:
    """Return the links between some steps."""
    return [edge for edge in links if edge.producer in steps and edge.consumer in steps]


def item_chains(steps: Sequence[str], links: Collection[Edge]) -> list[tuple[str, ...]]:
    """Group steps whose items follow each other; `steps` must be in an order in which they need each other."""
    follow = [(edge.producer, edge.consumer) for edge in within(steps, links) if edge.link is Link.ITEM]
    return group(steps, follow, [])


def _edges(document: JobDocument, tools: ToolRegistry) -> Iterator[Edge]:
    for name, step in document.steps.items():
        for given, binding in step.in_.items():
            for reference in parsed(binding):
                if reference.step is not None:
                    kind = _link(document, tools, binding, reference, over=given in step.scatter)
                    yield Edge(reference.step, name, kind)


def _link(document: JobDocument, tools: ToolRegistry, binding: StepInput, used: Reference, *, over: bool) -> Link:
    many = is_scattered(document, used.step or "")
    if not over:
        return Link.GATHER if many else Link.WHOLE
    if is_array(document, tools, used):
        return Link.ELEMENTS
    if not many:
        return Link.WHOLE
    return Link.GATHER if is_joined(binding) else Link.ITEM


def parsed(binding: StepInput) -> tuple[Reference, ...]:
    """Return the references of a step's input, taken apart."""
    return tuple(Reference.parse(text) for text in references(binding))


def is_joined(binding: StepInput) -> bool:
    """Say whether an input is several references end to end, so that item i is not item i of one of them."""
    return is_merged(binding) and len(references(binding)) > 1


def in_order(document: JobDocument) -> tuple[str, ...]:
    """Return the steps, each after those it needs, otherwise in the order of the document."""
    needs = {
        name: [used.step for binding in step.in_.values() for used in parsed(binding) if used.step is not None]
        for name, step in document.steps.items()
    }
    return ordered(needs)
