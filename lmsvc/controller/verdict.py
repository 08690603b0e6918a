"""How a job ends: succeeded, perhaps with failed items, or failed and why."""

from collections.abc import Iterable, Mapping
from typing import Any

from lmsvc.controller.results import JobResults
from lmsvc.jobs.document import JobDocument
from lmsvc.jobs.states import ItemState

_TAIL_CHARACTERS = 4000


def must_stop(document: JobDocument, results: JobResults) -> bool:
    """Return whether an item failed in a step that is to stop the job."""
    return any(
        document.on_item_failure_of(step) == "stop" and results.count(step, ItemState.FAILED) for step in document.steps
    )


def failed_step(document: JobDocument, results: JobResults) -> str | None:
    """Return the step whose failure fails the job, if there is one.

    A step fails its job when it is to stop it, when it is not scattered, or when no item of it succeeded.
    """
    for step in document.steps:
        if results.count(step, ItemState.FAILED) and _decisive(document, step, results):
            return step
    return None


def _decisive(document: JobDocument, step: str, results: JobResults) -> bool:
    if document.on_item_failure_of(step) == "stop" or not document.steps[step].scatter:
        return True
    return results.count(step, ItemState.SUCCEEDED, ItemState.SKIPPED) == 0


def summary(document: JobDocument, results: JobResults) -> dict[str, int]:
    """Return how many items of all steps ended in which state."""
    return {
        state.value: sum(results.count(step, state) for step in document.steps)
        for state in (ItemState.SUCCEEDED, ItemState.FAILED, ItemState.SKIPPED, ItemState.NOT_RUN)
    }


def job_error(step: str, statuses: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what a person needs to know of the first failed item of a step."""
    for status in statuses:
        for item in status["items"] if status["step"] == step else ():
            if item["state"] == ItemState.FAILED:
                return _error_of(status, item)
    return {"step": step, "reason": "the step failed"}


def _error_of(status: Mapping[str, Any], item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "step": status["step"],
        "item": item["index"],
        "label": item["label"],
        "reason": item["reason"],
        "exit_code": item["exit_code"],
        "signal": item["signal"],
        "command": item["command"],
        "stderr_tail": (item["stderr_tail"] or "")[-_TAIL_CHARACTERS:],
        "host": status["host"],
        "task": status["task"],
    }
