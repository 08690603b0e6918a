"""Bad input of every kind is answered with a clear 4xx."""

import json
import string
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web.site import ECHO, Site

SLOWLY = settings(
    max_examples=150, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
JSON_BODY = {"Content-Type": "application/json"}
TEXT = st.text(st.characters(codec=None, categories=None), max_size=40)
JSON: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
JOB_KEYS = st.sampled_from(
    [
        "name",
        "inputs",
        "steps",
        "outputs",
        "run",
        "in",
        "scatter",
        "value",
        "source",
        "upload",
        "dataset",
        "tags",
        "say",
    ]
)
DOCUMENT: st.SearchStrategy[object] = st.recursive(
    st.sampled_from(["echo_text", "inputs/x", "say/text", "", "text"]) | st.none() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(JOB_KEYS, inner, max_size=5),
    max_leaves=25,
)
PATHS = st.sampled_from(
    [
        "/api/v1/jobs?",
        "/api/v1/jobs/{id}?",
        "/api/v1/jobs/{id}/tasks?",
        "/api/v1/jobs/{id}/items?",
        "/api/v1/jobs/{id}/outputs?",
        "/api/v1/jobs/{id}/log?",
        "/?",
        "/jobs/{id}/step?",
        "/jobs/{id}/files?",
    ]
)
PARTS = ("/api/v1/uploads", "/api/v1/jobs", "/api/v1/tools", "/api/v1/jobs/aaaaaaaaaa/outputs", "/tools", "/static")
PARAMETERS = st.sampled_from(
    ["state", "user", "tag", "q", "cursor", "limit", "step", "item", "stream", "output", "begin", "x"]
)


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Give one service for all examples."""
    site = Site.make(tmp_path_factory.mktemp("fuzz") / "data")
    yield site
    site.store.close()


def _refused_or_done(
    site: Site, method: str, path: str, data: bytes = b"", headers: dict[str, str] | None = None
) -> int:
    """Ask; the answer must be no fault of the service, and a problem document where it is a refusal."""
    response = site.client.open(path, method=method, data=data, headers={**JSON_BODY, **(headers or {})})
    status = response.status_code
    assert status < 500, (method, path, data, headers, response.get_data(as_text=True))
    if status >= 400:
        assert response.content_type == "application/problem+json"
        assert response.get_json(force=True)["request_id"]
    response.close()
    return status


def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


@SLOWLY
@given(document=JSON)
def test_any_json_as_a_document(fuzzed: Site, document: object) -> None:
    """Arbitrary JSON, with infinities, lone surrogates and control characters, is refused."""
    raw = json.dumps(document).encode()
    status = _refused_or_done(fuzzed, "POST", "/api/v1/jobs", data=raw)
    assert status in (400, 422)


@SLOWLY
@given(document=DOCUMENT)
def test_documents_of_nearly_the_right_shape(fuzzed: Site, document: object) -> None:
    """Documents with the right words in wrong places are refused with a pointer for every fault, or planned."""
    raw = json.dumps(document).encode()
    response = fuzzed.client.post("/api/v1/jobs?dry_run=1", data=raw, headers=JSON_BODY)
    assert response.status_code in (200, 400, 422)
    if response.status_code != 200:
        errors = (response.get_json(force=True) or {}).get("errors", [])
        assert all(fault["detail"] and (fault["pointer"] == "" or fault["pointer"][0] == "/") for fault in errors)


@SLOWLY
@given(value=JSON, place=st.sampled_from(["name", "description", "tags", "inputs", "steps", "outputs", "retries", "x"]))
def test_good_documents_with_one_field_replaced(fuzzed: Site, value: object, place: str) -> None:
    """A good document in which one field is anything is taken or refused, never a fault of the service."""
    raw = json.dumps({**ECHO, place: value}).encode()
    _refused_or_done(fuzzed, "POST", "/api/v1/jobs", data=raw)


@SLOWLY
@given(raw=st.binary(max_size=200))
def test_any_bytes_as_a_document(fuzzed: Site, raw: bytes) -> None:
    """Arbitrary bytes are refused."""
    _refused_or_done(fuzzed, "POST", "/api/v1/jobs", data=raw)


@SLOWLY
@given(path=PATHS, query=st.lists(st.tuples(PARAMETERS, TEXT), max_size=3), raw=st.binary(max_size=10))
def test_any_query(fuzzed: Site, path: str, query: list[tuple[str, str]], raw: bytes) -> None:
    """Arbitrary values of every parameter, also bytes that are no UTF-8, are answered or refused."""
    job_id = fuzzed.queued()
    text = "&".join(f"{name}={_quoted(value)}" for name, value in query) + "&" + quote(raw)
    _refused_or_done(fuzzed, "GET", path.replace("{id}", job_id) + text)


@SLOWLY
@given(name=TEXT, part=st.sampled_from(PARTS))
def test_any_path(fuzzed: Site, name: str, part: str) -> None:
    """Arbitrary last parts of paths find nothing or something, by any method."""
    for method in ("GET", "PUT", "DELETE", "POST"):
        _refused_or_done(fuzzed, method, f"{part}/{_quoted(name)}", data=b"x")


@SLOWLY
@given(
    header=st.sampled_from(
        ["Range", "If-None-Match", "If-Range", "Last-Event-ID", "Accept", "Origin", "Idempotency-Key"]
    ),
    text=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60)
    | st.text(string.digits + '-=,;bytes"W/*', max_size=40),
)
def test_any_header(fuzzed: Site, header: str, text: str) -> None:
    """Arbitrary headers are understood, ignored or refused."""
    job_id = _job_with_output(fuzzed)
    for path in ("", "/outputs/say/text/out.txt", "/package", "/events"):
        _refused_or_done(fuzzed, "GET", f"/api/v1/jobs/{job_id}{path}", headers={header: text})


def _job_with_output(site: Site) -> str:
    if not (Path(site.settings.data_dir) / "known").exists():
        job_id = site.ended()
        site.output(job_id, "say/text/out.txt", b"0123456789")
        site.package(job_id, b"0123456789")
        (Path(site.settings.data_dir) / "known").write_text(job_id)
    return (Path(site.settings.data_dir) / "known").read_text()
