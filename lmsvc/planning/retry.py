"""What a retry has to run again besides the items that failed."""

from collections.abc import Collection, Mapping

from lmsvc.jobs.document import JobDocument
from lmsvc.jobs.states import is_kept
from lmsvc.jobs.tools import ToolRegistry
from lmsvc.planning.links import Edge, Link, edges, in_order
from lmsvc.planning.results import StepResult


def stale_steps(document: JobDocument, tools: ToolRegistry, results: Mapping[str, StepResult]) -> frozenset[str]:
    """Return the steps all of whose results a retry must drop.

    They used the outputs of all items of a step of which some are run again, or are built on such a step. Of all other
    steps a retry runs only items that failed or were not run; what item i of them gave stays right, as it came from
    items i that are kept.
    """
    links = edges(document, tools)
    stale = set[str]()
    for name in in_order(document):
        if any(edge.consumer == name and _outdates(edge, results, stale) for edge in links):
            stale.add(name)
    return frozenset(step for step in stale if results.get(step, StepResult()).states)


def _outdates(edge: Edge, results: Mapping[str, StepResult], stale: Collection[str]) -> bool:
    if edge.producer in stale:
        return True
    states = results.get(edge.producer, StepResult()).states.values()
    return edge.link is not Link.ITEM and any(not is_kept(state) for state in states)
