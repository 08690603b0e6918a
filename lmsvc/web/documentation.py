"""The page of the API, rendered from its own OpenAPI document."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Response, render_template

from lmsvc.web import openapi
from lmsvc.web.operations import JSON, Answer, Operation
from lmsvc.web.problems import TITLES

CHAPTERS = {
    "uploads": "Files a job reads: put them here first.",
    "jobs": "Submit, watch, cancel, retry, delete.",
    "outputs": "What a job made.",
    "tools": "What jobs can name.",
    "workflows": "Job documents that only need a few parameters.",
    "users": "Who you are, who else there is, and tokens.",
    "pools": "Where the work is done.",
    "service": "For operators and monitoring.",
}


@dataclass(frozen=True)
class Entry:
    """One operation as the page shows it."""

    method: str
    path: str
    facts: dict[str, Any]


def docs() -> Response:
    """Show this page."""
    described = openapi.described()
    chapters = {name: (text, list(_entries(described["paths"], name))) for name, text in CHAPTERS.items()}
    return Response(render_template("docs.html", chapters=chapters, titles=TITLES, live=False))


def _entries(paths: dict[str, Any], chapter: str) -> Iterator[Entry]:
    for path, operations in paths.items():
        for method, facts in operations.items():
            if chapter in facts["tags"]:
                yield Entry(method.upper(), path, facts)


OPERATIONS = (
    Operation("GET", "/openapi.json", openapi.openapi, "service", {200: Answer("The document.", media_type=JSON)}),
    Operation("GET", "/docs", docs, "service", {200: Answer("The page.", media_type="text/html")}),
)
