"""The OpenAPI 3.1 document, made from the same operations as the routes."""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, partial
from http import HTTPStatus
from inspect import cleandoc
from typing import Any, Literal

from flask import Response, current_app
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from lmsvc import __version__
from lmsvc.jobs.validation import job_schema
from lmsvc.web.operations import JSON, PATH_PARAMETERS, Answer, Body, Operation, Query
from lmsvc.web.problems import PROBLEM_TYPE, ProblemBody
from lmsvc.web.tokens import SCHEMES

EVERYWHERE = (500, 503)
FORBIDDEN = 403
UNAUTHORIZED = 401
MISDIRECTED = 421
TOO_MANY = 429
CHECKSUM_MISMATCH = 460  # Of the tus protocol; HTTP itself has no word for it.
JOB_DOCUMENT = "JobDocument"

_COMPONENTS = "#/components/schemas/"
_KEY = "lmsvc.openapi"

Json = dict[str, Any]


def remember(extensions: dict[str, Any], operations: Sequence[Operation], tokens: bool) -> None:
    """Let an application describe its operations; the document is made when it is first asked for."""
    extensions[_KEY] = cache(partial(document, operations, tokens))


def described() -> Json:
    """Return the OpenAPI document of the application that serves this request."""
    made: Json = current_app.extensions[_KEY]()
    return made


def openapi() -> Response:
    """Describe this API in OpenAPI 3.1."""
    return Response(json.dumps(described()), content_type=JSON)


def document(operations: Sequence[Operation], tokens: bool = False) -> Json:
    """Return the OpenAPI document of some operations, of a service that asks for tokens or of one that does not."""
    made = _document(operations)
    each_of = [(made["paths"][each.path][each.method.lower()], each.public) for each in operations]
    if not tokens:
        for facts, _ in each_of:
            facts["responses"][str(MISDIRECTED)] = _problem(MISDIRECTED)
        return made
    made["components"]["securitySchemes"] = {name: dict(scheme) for name, scheme in SCHEMES.items()}
    made["security"] = [{name: []} for name in SCHEMES]
    for facts, public in each_of:
        _protect(facts, public)
    return made


def _protect(facts: Json, public: bool) -> None:
    """Add to the description of an operation what becomes of requests without the token."""
    if public:
        facts["security"] = []
        return
    challenge = {"WWW-Authenticate": {"description": "how to send the token", "schema": {"type": "string"}}}
    facts["responses"][str(UNAUTHORIZED)] = {**_problem(UNAUTHORIZED), "headers": challenge}
    facts["responses"][str(FORBIDDEN)] = _problem(FORBIDDEN)
    later = {"Retry-After": {"description": "seconds until there is room", "schema": {"type": "string"}}}
    facts["responses"][str(TOO_MANY)] = {**_problem(TOO_MANY), "headers": later}


def _document(operations: Sequence[Operation]) -> Json:
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "lmsvc",
            "version": __version__,
            "description": "Biodiversity workflows as JSON jobs: upload, submit, watch, download.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": _paths(operations),
        "components": {"schemas": _schemas(operations)},
    }


def _paths(operations: Iterable[Operation]) -> Json:
    paths: Json = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return paths


def _operation(operation: Operation) -> Json:
    summary, _, description = cleandoc(operation.view.__doc__ or "").partition("\n\n")
    facts: Json = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": summary,
        "description": " ".join(description.split()),
        "parameters": [*_path_parameters(operation), *_query_parameters(operation.query), *_headers(operation)],
        "responses": _responses(operation),
    }
    if operation.body:
        schema = _carried(operation.body)
        content = {operation.body.media_type: {"schema": schema}}
        facts["requestBody"] = {"description": operation.body.description, "required": True, "content": content}
    return facts


def _carried(body: Body) -> Json:
    if body.model:
        return _reference(body.model)
    return {"$ref": _COMPONENTS + body.component} if body.component else {}


def _path_parameters(operation: Operation) -> list[Json]:
    known = [(name, PATH_PARAMETERS[name]) for name in operation.variables]
    return [
        {"name": name, "in": "path", "required": True, "description": it.description, "schema": it.schema}
        for name, it in known
    ]


def _query_parameters(query: type[Query] | None) -> list[Json]:
    if query is None:
        return []
    schema = query.model_json_schema(ref_template=_COMPONENTS + "{model}")
    properties: Mapping[str, Json] = schema.get("properties", {})
    return [_query_parameter(name, facts) for name, facts in properties.items()]


def _query_parameter(name: str, facts: Json) -> Json:
    """Describe a query parameter; it is left out rather than null, so null is no part of its schema."""
    kept = {key: value for key, value in facts.items() if key not in ("title", "description", "default", "anyOf")}
    choices = [choice for choice in facts.get("anyOf", []) if choice.get("type") != "null"]
    schema = {**kept, **choices[0]} if choices else kept
    if facts.get("default") is not None:
        schema["default"] = facts["default"]
    parameter: Json = {"name": name, "in": "query", "required": False, "schema": schema}
    return {**parameter, "description": facts["description"]} if "description" in facts else parameter


def _headers(operation: Operation) -> list[Json]:
    known = {"If-None-Match": "the ETag of the answer at hand"} if _has_tag(operation) else {}
    return [
        {"name": name, "in": "header", "required": False, "description": meaning, "schema": {"type": "string"}}
        for name, meaning in {**known, **operation.headers}.items()
    ]


def _has_tag(operation: Operation) -> bool:
    """Return whether answers have an ETag: all those that tell in JSON how something is."""
    return operation.method == "GET" and any(answer.model for answer in operation.answers.values())


def _responses(operation: Operation) -> Json:
    answers = {str(status): _answer(answer) for status, answer in operation.answers.items()}
    if _has_tag(operation):
        answers.setdefault("304", {"description": "Nothing has changed."})
    problems = {str(status): _problem(status) for status in sorted({*operation.problems, *_always(operation)})}
    return {**problems, **answers}


def _always(operation: Operation) -> tuple[int, ...]:
    return EVERYWHERE if operation.method == "GET" else (*EVERYWHERE, FORBIDDEN)


def _answer(answer: Answer) -> Json:
    facts: Json = {"description": answer.description}
    if answer.headers:
        facts["headers"] = {
            name: {"description": text, "schema": {"type": "string"}} for name, text in answer.headers.items()
        }
    if answer.media_type:
        facts["content"] = {answer.media_type: {"schema": _reference(answer.model) if answer.model else {}}}
    return facts


def _problem(status: int) -> Json:
    content = {PROBLEM_TYPE: {"schema": _reference(ProblemBody)}}
    return {"description": f"{_phrase(status)}.", "content": content}


def _phrase(status: int) -> str:
    return "Checksum Mismatch" if status == CHECKSUM_MISMATCH else HTTPStatus(status).phrase


def _reference(model: type[BaseModel]) -> Json:
    return {"$ref": _COMPONENTS + model.__name__}


def _schemas(operations: Iterable[Operation]) -> Json:
    """Return the schemas of everything answered, of the types queries use, and of the job document."""
    models: set[type[BaseModel]] = {
        answer.model for each in operations for answer in each.answers.values() if answer.model
    }
    queries = {each.query for each in operations if each.query}
    modes: list[tuple[type[BaseModel], Literal["validation", "serialization"]]] = [
        (model, "serialization") for model in sorted(models | {ProblemBody}, key=lambda model: model.__name__)
    ]
    modes += [(each.body.model, "validation") for each in operations if each.body and each.body.model]
    _, answered = models_json_schema(modes, ref_template=_COMPONENTS + "{model}")
    schemas: Json = dict(answered["$defs"])
    for query in queries:
        schemas |= query.model_json_schema(ref_template=_COMPONENTS + "{model}").get("$defs", {})
    return {**schemas, JOB_DOCUMENT: _embedded(job_schema(), JOB_DOCUMENT)}


def _embedded(schema: object, name: str) -> object:
    """Return a schema with its inner references leading to where it now stands."""
    if isinstance(schema, dict):
        return {
            key: _reference_below(value, name) if key == "$ref" else _embedded(value, name)
            for key, value in schema.items()
            if key not in ("$schema", "$id")
        }
    return [_embedded(part, name) for part in schema] if isinstance(schema, list) else schema


def _reference_below(reference: str, name: str) -> str:
    return reference.replace("#/", f"{_COMPONENTS}{name}/", 1)
