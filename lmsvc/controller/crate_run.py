"""The run in the metadata of a package: its inputs, the action of the whole and those of its steps."""

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence

from lmsvc.controller.crate_facts import WORKFLOW, Entity, Member, RunFacts, person, place, reference, time_text
from lmsvc.controller.crate_works import licence_entity, work_entity
from lmsvc.jobs.datasets import Dataset, DatasetFile
from lmsvc.jobs.document import DatasetLayer, DatasetLayers, JobInput, Upload, Value, references
from lmsvc.jobs.names import Reference
from lmsvc.store.records import Upload as Stored

_DONE, _FAILED = "http://schema.org/CompletedActionStatus", "http://schema.org/FailedActionStatus"


def input_entities(facts: RunFacts) -> Iterator[Entity]:
    """Yield every input of the job, and each dataset that inputs are layers of with its licence and citation.

    Files that went in are not in the package: they are named by their content (RFC 6920), with size and checksum.
    """
    for name, given in facts.document.inputs.items():
        yield from _input(name, given, facts)
    for dataset in facts.datasets.values():
        licence, work = licence_entity(dataset.licence), work_entity(dataset.citation)
        yield from (licence, work, _dataset(dataset, licence, work))


def _input(name: str, given: JobInput, facts: RunFacts) -> Iterator[Entity]:
    """Yield what an input of the document is; nothing for what is not known any more."""
    match given:
        case list():
            yield from (entity for each in given for entity in _input(name, each, facts))
        case Value():
            yield {"@id": f"#input-{name}", "@type": "PropertyValue", "name": name, "value": _value(given.value)}
        case Upload() if given.upload in facts.uploads:
            yield _upload(facts.uploads[given.upload], given.label)
        case DatasetLayer() | DatasetLayers() if given.dataset in facts.datasets:
            dataset = facts.datasets[given.dataset]
            wanted = [given.layer] if isinstance(given, DatasetLayer) else given.layers or dataset.layers
            yield from (_layer(dataset, file) for file in dataset.files if file.layer in wanted)


def _value(value: object) -> object:
    """Return a value as JSON-LD may hold it: numbers and texts as they are, everything else as text."""
    return value if isinstance(value, str | int | float | bool) else str(value)


def _upload(upload: Stored, label: str | None) -> Entity:
    entity = _content(upload.sha256, upload.size, label or upload.name)
    return entity | {"alternateName": upload.name}


def _layer(dataset: Dataset, file: DatasetFile) -> Entity:
    return _content(file.sha256, file.size, file.layer) | {"isPartOf": reference(_dataset_place(dataset))}


def _content(sha256: str, size: int, name: str) -> Entity:
    known = base64.urlsafe_b64encode(bytes.fromhex(sha256)).decode().rstrip("=")
    entity = {"@id": f"ni:///sha-256;{known}", "@type": "CreativeWork", "name": name}
    return entity | {"contentSize": str(size), "sha256": sha256}


def _dataset(dataset: Dataset, licence: Entity, work: Entity) -> Entity:
    return {
        "@id": _dataset_place(dataset),
        "@type": "CreativeWork",
        "name": dataset.title,
        "identifier": dataset.name,
        "version": dataset.version,
        "license": reference(licence["@id"]),
        "citation": reference(work["@id"]),
    }


def _dataset_place(dataset: Dataset) -> str:
    return f"#dataset-{dataset.name}"


def actions(facts: RunFacts, members: Sequence[Member]) -> list[Entity]:
    """Return the action of the whole run and one of each step that ran, its tool as the instrument."""
    made: dict[str | None, list[str]] = {}
    for member in members:
        made.setdefault(member.step, []).append(place(member))
    given = {name: [entity["@id"] for entity in _input(name, it, facts)] for name, it in facts.document.inputs.items()}
    return [_whole(facts, given, made), *(_step(name, facts, given, made) for name in facts.steps)]


def _whole(facts: RunFacts, given: Mapping[str, list[str]], made: Mapping[str | None, list[str]]) -> Entity:
    return {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"Run of {facts.document.name}",
        "instrument": reference(WORKFLOW),
        "agent": reference(person(facts.user)),
        "startTime": time_text(facts.started),
        "endTime": time_text(facts.ended),
        "object": _refer(known for places in given.values() for known in places),
        "result": _refer(known for step, places in made.items() if step for known in places),
        "actionStatus": reference(_FAILED if facts.error else _DONE),
        **({"error": facts.error} if facts.error else {}),
    }


def _step(name: str, facts: RunFacts, given: Mapping[str, list[str]], made: Mapping[str | None, list[str]]) -> Entity:
    """Describe a step; files between steps are named as far as they are in the package."""
    step = facts.document.steps[name]
    sources = [Reference.parse(text) for binding in step.in_.values() for text in references(binding)]
    found = (given.get(it.name, []) if it.step is None else made.get(it.step, []) for it in sources)
    return {
        "@id": f"#step-{name}",
        "@type": "CreateAction",
        "name": f"Step {name}",
        "instrument": reference(f"#tool-{step.run}"),
        "agent": reference(person(facts.user)),
        "object": _refer(known for places in found for known in places),
        "result": _refer(made.get(name, [])),
    }


def _refer(places: Iterable[str]) -> list[dict[str, str]]:
    return [reference(known) for known in dict.fromkeys(places)]
