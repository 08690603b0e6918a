"""A document taken apart as far as its shape allows, so that one fault does not hide the next."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from lmsvc.jobs.document import (
    DatasetLayer,
    DatasetLayers,
    JobDocument,
    JobInput,
    Source,
    Step,
    StepInput,
    Upload,
    Value,
)
from lmsvc.jobs.faults import Fault, did_you_mean, join
from lmsvc.jobs.findings import MOST_FAULTS
from lmsvc.jobs.names import INPUTS, Reference
from lmsvc.jobs.shape import sentence

_INPUT: Final[TypeAdapter[JobInput]] = TypeAdapter(JobInput)
_STEP_INPUT: Final[TypeAdapter[StepInput]] = TypeAdapter(StepInput)
_TAGGED: Final[Mapping[str, type[BaseModel]]] = {
    "upload": Upload,
    "uploads": Upload,
    "value": Value,
    "layer": DatasetLayer,
    "dataset": DatasetLayers,
    "source": Source,
}


@dataclass(frozen=True)
class DraftStep:
    """A step as far as it can be read. None stands for what cannot."""

    at: str
    run: str | None = None
    bindings: Mapping[str, StepInput | None] | None = None
    scatter: tuple[str, ...] | None = None
    scatter_places: tuple[str, ...] = ()
    """The pointer to each name in `scatter`."""


@dataclass(frozen=True)
class Draft:
    """A document as far as it can be read. None stands for what cannot."""

    inputs: Mapping[str, JobInput | None] | None = None
    steps: Mapping[str, DraftStep] | None = None
    outputs: tuple[tuple[str, Reference], ...] = ()
    hosts: tuple[str, ...] = ()
    pool: str | None = None
    notify: tuple[str, ...] = ()
    """By what somebody is told: `webhook`, `email`."""


def shape_faults(data: object) -> list[Fault]:
    """Return what is wrong with a document's shape: fields, their types and the names."""
    try:
        JobDocument.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        return [_fault(detail) for detail in details[: MOST_FAULTS + 1]]
    return []


def _fault(detail: ErrorDetails) -> Fault:
    said = sentence(detail)
    place, tags = _without_tags(detail["loc"])
    if detail["type"] == "extra_forbidden":
        said += did_you_mean(str(place[-1]), _fields(place, tags))
    return Fault(join("", *(part for part in place if part != "[key]")), said)


def _without_tags(place: tuple[str | int, ...]) -> tuple[list[str | int], list[str]]:
    at = 2 if place[:1] == (INPUTS,) else 4 if place[:1] == ("steps",) and place[2:3] == ("in",) else len(place)
    tags = [index for index in (at, at + 2) if index < len(place) and place[index] != "[key]"]
    if len(tags) == 2 and place[at : at + 2] != ("source", "source"):
        tags.pop()
    return [part for index, part in enumerate(place) if index not in tags], [str(place[index]) for index in tags]


def _fields(place: list[str | int], tags: list[str]) -> list[str]:
    model = _TAGGED.get(tags[0], JobDocument) if tags else Step if len(place) > 1 else JobDocument
    return [info.alias or name for name, info in model.model_fields.items()]


def read_draft(data: object, faults: list[Fault]) -> Draft:
    """Take apart what has a good shape.

    Args:
        data: any JSON value.
        faults: what `shape_faults` found in it.
    """
    bad = _prefixes(faults)
    fields = data if isinstance(data, dict) else {"inputs": None, "steps": None}
    return Draft(
        inputs=_inputs(fields.get(INPUTS, {}), bad),
        steps=_steps(fields.get("steps"), bad),
        outputs=_outputs(fields.get("outputs"), bad),
        hosts=() if "/hosts" in bad else tuple(fields.get("hosts") or ()),
        pool=None if "/pool" in bad else fields.get("pool"),
        notify=() if "/notify" in bad else _channels(fields.get("notify")),
    )


def _channels(value: object) -> tuple[str, ...]:
    return tuple(name for name, given in value.items() if given is not None) if isinstance(value, dict) else ()


def _prefixes(faults: list[Fault]) -> frozenset[str]:
    found = set[str]()
    for fault in faults:
        parts = fault.pointer.split("/")
        found.update("/".join(parts[:end]) for end in range(1, len(parts) + 1))
    return frozenset(found)


def _inputs(value: object, bad: frozenset[str]) -> dict[str, JobInput | None] | None:
    if not isinstance(value, dict):
        return None
    places = {name: join("", INPUTS, name) for name in value}
    return {name: None if places[name] in bad else _INPUT.validate_python(value[name]) for name in value}


def _steps(value: object, bad: frozenset[str]) -> dict[str, DraftStep] | None:
    if not isinstance(value, dict):
        return None
    return {name: _step(join("", "steps", name), step, bad) for name, step in value.items()}


def _step(at: str, value: object, bad: frozenset[str]) -> DraftStep:
    if not isinstance(value, dict):
        return DraftStep(at)
    run, scatter, place = value.get("run"), value.get("scatter", []), join(at, "scatter")
    names = () if place in bad else (scatter,) if isinstance(scatter, str) else tuple(scatter)
    return DraftStep(
        at,
        run=run if isinstance(run, str) else None,
        bindings=_bindings(at, value.get("in", {}), bad),
        scatter=None if place in bad else names,
        scatter_places=(place,) if isinstance(scatter, str) else tuple(join(place, i) for i in range(len(names))),
    )


def _bindings(at: str, value: object, bad: frozenset[str]) -> dict[str, StepInput | None] | None:
    if not isinstance(value, dict):
        return None
    places = {name: join(at, "in", name) for name in value}
    return {name: None if places[name] in bad else _STEP_INPUT.validate_python(value[name]) for name in value}


def _outputs(value: object, bad: frozenset[str]) -> tuple[tuple[str, Reference], ...]:
    places = enumerate(value) if isinstance(value, list) else ()
    found = ((join("", "outputs", index), text) for index, text in places)
    return tuple((at, Reference.parse(text)) for at, text in found if at not in bad and isinstance(text, str))


def placed_references(at: str, binding: StepInput) -> list[tuple[str, Reference]]:
    """Return the references of a step's input, each with the pointer to it."""
    source = binding.source if isinstance(binding, Source) else binding
    place = join(at, "source") if isinstance(binding, Source) else at
    if isinstance(source, list):
        return [(join(place, index), Reference.parse(text)) for index, text in enumerate(source)]
    return [(place, Reference.parse(source))] if isinstance(source, str) else []
