"""The package described for archives: RO-Crate 1.1 metadata, with the profile of Workflow Run Crate 0.5.

The graph says what was run (the job document as a workflow, with its tools), by whom and when, from which inputs, and
which file of the package came out of which step, with checksums, citations and the licence.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lmsvc import __version__
from lmsvc.controller.crate_facts import WORKFLOW, Entity, Member, RunFacts, person, place, reference, time_text
from lmsvc.controller.crate_run import actions, input_entities
from lmsvc.controller.crate_works import licence_entity, slug, work_entity
from lmsvc.jobs.tools import Tool

CRATE_NAME = "ro-crate-metadata.json"
_CONTEXT = ["https://w3id.org/ro/crate/1.1/context", "https://w3id.org/ro/terms/workflow-run/context"]
_BASE = "https://w3id.org/ro/crate/1.1"
_WORKFLOW_CRATE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
_PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    _WORKFLOW_CRATE: ("Workflow RO-Crate", "1.0"),
}
_LANGUAGE = "#job-document"
_ENGINE = "#lmsvc"
_OWN_TOOLS = "lmsvc.tools."


def crate(
    facts: RunFacts, members: Sequence[Member], citations: Sequence[str], versions: Mapping[str, str]
) -> dict[str, Any]:
    """Return the metadata of a package.

    Args:
        facts: about the run.
        members: every other file of the package.
        citations: what to cite.
        versions: of the programs below the service, by name.
    """
    works = [work_entity(text) for text in citations]
    licence = licence_entity(facts.document.licence)
    run = actions(facts, members)
    graph = [
        {**_DESCRIPTOR},
        _root(facts, members) | _links(run, works, licence),
        *_people_and_programs(facts, versions),
        *(_file(member, facts) for member in members),
        *(_tool(tool) for tool in facts.tools.values()),
        *input_entities(facts),
        *run,
        *works,
        licence,
    ]
    return {"@context": _CONTEXT, "@graph": [_compact(entity) for entity in {it["@id"]: it for it in graph}.values()]}


def crate_text(metadata: Mapping[str, Any]) -> str:
    """Return metadata as JSON, an entity in each line: quick to write, also for very many files."""
    lines = (json.dumps(entity, ensure_ascii=False) for entity in metadata["@graph"])
    context, graph = json.dumps(metadata["@context"]), ",\n".join(lines)
    return f'{{"@context": {context},\n"@graph": [\n{graph}\n]}}\n'


def _compact(entity: Entity) -> Entity:
    """Leave out lists of nothing, and write a list of one value as that value, as RO-Crate wishes."""
    return {
        name: value[0] if isinstance(value, list) and len(value) == 1 else value
        for name, value in entity.items()
        if value != []
    }


_DESCRIPTOR: Entity = {
    "@id": CRATE_NAME,
    "@type": "CreativeWork",
    "about": reference("./"),
    "conformsTo": [reference(_BASE), reference(_WORKFLOW_CRATE)],
}


def _root(facts: RunFacts, members: Sequence[Member]) -> Entity:
    document = facts.document
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": document.name,
        "description": document.description or f"What the job {document.name!r} made, and how.",
        "datePublished": time_text(facts.ended),
        "author": reference(person(facts.user)),
        "conformsTo": [reference(profile) for profile in _PROFILES],
        "hasPart": [reference(place(member)) for member in members],
        "mainEntity": reference(WORKFLOW),
        **({"keywords": ", ".join(document.tags)} if document.tags else {}),
    }


def _links(run: Sequence[Entity], works: Sequence[Entity], licence: Entity) -> Entity:
    return {
        "license": reference(licence["@id"]),
        "mentions": [reference(action["@id"]) for action in run],
        "citation": [reference(work["@id"]) for work in works],
    }


def _people_and_programs(facts: RunFacts, versions: Mapping[str, str]) -> Iterator[Entity]:
    for profile, (name, version) in _PROFILES.items():
        yield {"@id": profile, "@type": "CreativeWork", "name": name, "version": version}
    yield {"@id": person(facts.user), "@type": "Person", "name": facts.user}
    yield {"@id": _LANGUAGE, "@type": "ComputerLanguage", "name": "lmsvc job document", "version": __version__}
    below = [
        {"@id": f"#{slug(name)}", "@type": "SoftwareApplication", "name": name, "softwareVersion": version}
        for name, version in versions.items()
    ]
    engine: Entity = {"@id": _ENGINE, "@type": "SoftwareApplication", "name": "lmsvc", "softwareVersion": __version__}
    yield engine | {"softwareRequirements": [reference(program["@id"]) for program in below]}
    yield from below


def _file(member: Member, facts: RunFacts) -> Entity:
    entity: Entity = {
        "@id": place(member),
        "@type": "File",
        "name": member.label or member.path.rpartition("/")[2],
        "encodingFormat": member.media_type,
        "contentSize": str(member.size),
        "sha256": member.sha256,
        **({"description": member.description} if member.description else {}),
    }
    return entity | _workflow(facts) if member.path == WORKFLOW else entity


def _workflow(facts: RunFacts) -> Entity:
    return {
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
        "name": facts.document.name,
        "programmingLanguage": reference(_LANGUAGE),
        "creator": reference(person(facts.user)),
        "hasPart": [reference(f"#tool-{tool}") for tool in facts.tools],
    }


def _tool(tool: Tool) -> Entity:
    """Describe a tool; of those that come with the service the version is known."""
    own = any(_OWN_TOOLS in word for word in tool.base_command)
    return {
        "@id": f"#tool-{tool.id}",
        "@type": "SoftwareApplication",
        "name": tool.label,
        "identifier": tool.id,
        **({"description": tool.doc} if tool.doc else {}),
        **({"softwareVersion": __version__, "isPartOf": reference(_ENGINE)} if own else {}),
        "citation": [reference(work_entity(text)["@id"]) for text in tool.cites],
    }
