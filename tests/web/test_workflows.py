"""Workflows over the API."""

import jsonschema

from tests.web.asking import body, problem
from tests.web.site import Site

SAY = "/api/v1/workflows/echo_text/document"


def test_workflows_are_listed_and_described(site: Site) -> None:
    """Each workflow of the list has a page of its own with a JSON Schema; a tool alone has one too."""
    listed = body(site.client.get("/api/v1/workflows"))["workflows"]
    assert [each["name"] for each in listed][:3] == ["model_species", "richness", "richness_significance"]
    for name in [each["name"] for each in listed] + ["create_sdm"]:
        described = body(site.client.get(f"/api/v1/workflows/{name}"))
        jsonschema.Draft202012Validator.check_schema(described["parameters"])
        assert described["tools"] and described["doc"]
    problem(site.client.get("/api/v1/workflows/nothing"), 404, "not-found")


def test_parameters_become_a_document_that_can_be_submitted(site: Site) -> None:
    """The document made of parameters is taken as it is, and the job knows what it was made from."""
    document = body(site.client.post(SAY, json={"text": "hello", "job_name": "Greeting"}))["document"]
    assert document["steps"]["echo_text"]["in"] == {"text": {"value": "hello"}}
    job_id = body(site.submit(document), 202)["id"]
    made_from = {"name": "tool/echo_text", "parameters": {"text": "hello", "job_name": "Greeting"}}
    assert body(site.client.get(f"/api/v1/jobs/{job_id}/document"))["template"] == made_from
    job = site.store.job(job_id)
    assert job is not None
    assert (job.name, job.template) == ("Greeting", made_from)


def test_faults_of_parameters_have_pointers(site: Site) -> None:
    """Every fault is told at once by a pointer into the parameters, and what is no JSON is refused."""
    answer = site.client.post("/api/v1/workflows/model_species/document", json={"min_points": 0, "layers": [{}]})
    told = problem(answer, 422, "invalid-parameters")["errors"]
    assert [fault["pointer"] for fault in told] == ["/layers/0/upload", "/min_points", "/occurrences"]
    problem(site.client.post(SAY, data=b"{", content_type="application/json"), 400, "malformed-document")
    problem(site.client.post(SAY, data=b"{}", content_type="text/plain"), 415, "unsupported-media-type")
    problem(site.client.post(SAY, json=[1]), 422, "invalid-parameters")
