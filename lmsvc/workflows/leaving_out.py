"""Leaving out of a document what refers to inputs and steps that are not there."""

from collections.abc import Mapping
from typing import Any, TypeGuard

from lmsvc.jobs.names import Reference

Json = Any


def without_what_is_missing(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document whose steps name only inputs and steps that it has; inputs that nothing names are left out."""
    steps = {name: _step(step, document) for name, step in document["steps"].items()}
    used = {each for step in steps.values() for given in step["in"].values() for each in _references(given)}
    inputs = {name: value for name, value in document["inputs"].items() if f"inputs/{name}" in used}
    return {**document, "inputs": inputs, "steps": steps}


def _step(step: dict[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    bound = {name: _binding(given, document) for name, given in step["in"].items()}
    return {**step, "in": {name: given for name, given in bound.items() if given not in (None, [])}}


def _binding(given: Json, document: Mapping[str, Any]) -> Json:
    if _is_list(given):
        return [each for each in given if _is_there(each, document)]
    return None if isinstance(given, str) and not _is_there(given, document) else given


def _references(given: Json) -> list[str]:
    return given if _is_list(given) else [given] if isinstance(given, str) else []


def _is_list(given: Json) -> TypeGuard[list[str]]:
    return isinstance(given, list)


def _is_there(text: str, document: Mapping[str, Any]) -> bool:
    reference = Reference.parse(text)
    return reference.name in document["inputs"] if reference.step is None else reference.step in document["steps"]
