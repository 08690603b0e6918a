"""The OpenAPI document is true."""

import re
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from lmsvc.web.api import OPERATIONS
from lmsvc.web.openapi import document
from tests.web.server import Server
from tests.web.site import Site

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]


FEW = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)

schema = schemathesis.openapi.from_dict(document(OPERATIONS))


def test_every_rule_is_described_and_every_description_has_its_rule(site: Site) -> None:
    """Methods and paths of the application and of the document are the same."""
    paths = site.client.get("/openapi.json").get_json()["paths"]
    described = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    routed = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in site.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD"}
    }
    assert described == routed


def test_document_is_well_formed() -> None:
    """References lead somewhere, operation ids differ, path variables are declared, schemas are JSON Schema."""
    found = document(OPERATIONS)
    operations = [operation for methods in found["paths"].values() for operation in methods.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    for path, methods in found["paths"].items():
        for operation in methods.values():
            declared = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
            assert declared == set(re.findall(r"\{(\w+)\}", path))
            assert operation["summary"].endswith(".")
    for reference in re.findall(r"'\$ref': '#/([^']+)'", str(found)):
        place: Any = found
        for part in reference.split("/"):
            place = place[part]
    for component in found["components"]["schemas"].values():
        jsonschema_rs.meta.validate(component)


@pytest.fixture(scope="module")
def known_job(server: Server) -> str:
    """Give a job that is over, with an output, a log and a package."""
    job_id = server.site.ended()
    server.site.output(job_id, "say/text/out.txt", b"0123456789")
    server.site.bundle(job_id, "say.1.0000", {0: ("out", "err")})
    server.site.package(job_id, b"0123456789")
    return job_id


@schema.exclude(path="/readyz").parametrize()
@FEW
def test_generated_requests_are_answered_as_described(case: schemathesis.Case[Any], server: Server) -> None:
    """Whatever schemathesis makes of the document, the answer is one the document describes, and never a 500."""
    case.call_and_validate(base_url=server.url, checks=CHECKS)


@schema.include(path_regex="job_id", method="GET").parametrize()
@FEW
def test_generated_requests_about_a_job(case: schemathesis.Case[Any], server: Server, known_job: str) -> None:
    """The same about a job that is there."""
    case.path_parameters["job_id"] = known_job
    if "path" in case.path_parameters:
        case.path_parameters["path"] = "say/text/out.txt"
    case.call_and_validate(base_url=server.url, checks=CHECKS)
