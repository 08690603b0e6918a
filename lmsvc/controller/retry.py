"""What a retry has to do again: what failed, and what was made from it."""

from collections.abc import Iterator

from lmsvc.controller.results import Forget, JobResults
from lmsvc.jobs.document import JobDocument, references
from lmsvc.jobs.states import ItemState


def forget_for_retry(document: JobDocument, results: JobResults, last_generation: int) -> Forget:
    """Return which results of the attempts so far a retry does not count.

    Failed and not-run items are done again. A step that gathers elements of a step with such items was made from too
    few of them, so it is done again as a whole; a step scattered over such a step keeps the items that succeeded.

    Args:
        document: the job.
        results: what is done.
        last_generation: number of the newest attempt so far.
    """
    incomplete = {step for step in document.steps if results.count(step, ItemState.FAILED, ItemState.NOT_RUN)}
    again: set[str] = set()
    for step in in_order(document):
        if any(_makes_again(document, step, source, incomplete, again) for source in _sources(document, step)):
            again.add(step)
    return Forget(unfinished=last_generation, steps=dict.fromkeys(sorted(again), last_generation))


def _makes_again(
    document: JobDocument, step: str, source: tuple[str, str], incomplete: set[str], again: set[str]
) -> bool:
    name, upstream = source
    if upstream in again:
        return True
    if upstream not in incomplete:
        return False
    item_by_item = name in document.steps[step].scatter and bool(document.steps[upstream].scatter)
    return not item_by_item


def _sources(document: JobDocument, step: str) -> Iterator[tuple[str, str]]:
    for name, binding in document.steps[step].in_.items():
        for reference in references(binding):
            upstream = reference.split("/")[0]
            if upstream in document.steps:
                yield name, upstream


def in_order(document: JobDocument) -> list[str]:
    """Return the steps in an order in which each comes after those it needs."""
    needs = {step: {upstream for _, upstream in _sources(document, step)} for step in document.steps}
    ordered: list[str] = []
    while len(ordered) < len(needs):
        ordered += [step for step in needs if step not in ordered and needs[step] <= set(ordered)]
    return ordered
