"""Works that the metadata of a package names: what to cite, and licences."""

import hashlib
import re

from lmsvc.controller.crate_facts import Entity

_ADDRESS = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;)]")
_DOI = re.compile(r"^https?://(dx\.)?doi\.org/")
_SPDX = re.compile(r"^[A-Za-z0-9][A-Za-z0-9.+-]*$")
_NOT_STATED = "Whoever ran the job has not said under which licence its results may be used. Ask before using them."


def work_entity(citation: str) -> Entity:
    """Return a cited work: known by its address where the citation has exactly one, else by a checksum of its text."""
    found = _ADDRESS.findall(citation)
    known = found[0] if len(found) == 1 else f"#work-{hashlib.sha256(citation.encode()).hexdigest()[:12]}"
    kind = "ScholarlyArticle" if _DOI.match(known) else "CreativeWork"
    return {"@id": known, "@type": kind, "name": citation}


def licence_entity(licence: str | None) -> Entity:
    """Return a licence given as SPDX identifier, as address or in words; None is said to be not stated."""
    if licence is None:
        return {"@id": "#licence", "@type": "CreativeWork", "name": "No licence stated", "description": _NOT_STATED}
    if _ADDRESS.fullmatch(licence):
        known = licence
    else:
        known = f"https://spdx.org/licenses/{licence}" if _SPDX.match(licence) else f"#licence-{slug(licence)}"
    return {"@id": known, "@type": "CreativeWork", "name": licence, "description": f"Licence: {licence}"}


def slug(text: str) -> str:
    """Return lower-case letters, digits and `-` for a text, as part of an `@id`."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "unnamed"
