"""Whatever is sent: a clear answer, never a 500, nothing half-stored, and the service goes on."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.service.conftest import ServiceFactory
from tests.service.documents import Document, echo, echo_all
from tests.service.running import RunningService, wait_for

pytestmark = [pytest.mark.cctools, pytest.mark.slow]

JOBS = "/api/v1/jobs"
JSON = {"Content-Type": "application/json"}
ITEMS = 170_000
STEPS = 60
UP = "..%2F..%2F..%2Fetc%2Fpasswd"


@pytest.fixture(scope="module")
def sound(shared_service: RunningService) -> Iterator[RunningService]:
    """Give the shared service; after all of these tests it must still run jobs."""
    yield shared_service
    assert shared_service.run(echo(), 60)["state"] == "succeeded"


@pytest.fixture
def http(sound: RunningService) -> Iterator[httpx.Client]:
    """Give an HTTP client; afterwards the service must have stored nothing new and be ready."""
    before = stored(sound)
    with httpx.Client(base_url=sound.url, timeout=60, trust_env=False) as client:
        yield client
    assert stored(sound) == before
    assert sound.client.ready()


def stored(service: RunningService) -> tuple[set[str], list[Path]]:
    """Return the jobs that a service knows, and its uploads."""
    uploads = [path for path in (service.data_dir / "uploads").rglob("*") if path.is_file() and path.name != ".lock"]
    return {job["id"] for job in service.client.jobs(limit=100)["jobs"]}, sorted(uploads)


def check(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    """Check that an answer is a problem of a kind; return it."""
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["type"]) == (status, f"urn:lmsvc:{kind}"), problem
    assert problem["detail"]
    return problem


@pytest.mark.parametrize("body", [b'{"name": ', b"\xff\xfe", b"[" * 100_000, b"", b"null", b'{"a": 1, "a": 2}', b"NaN"])
def test_documents_that_are_no_json(http: httpx.Client, body: bytes) -> None:
    """What is not strict JSON, or not an object, is refused with its place."""
    answer = http.post(JOBS, content=body, headers=JSON)
    assert answer.status_code in (400, 422)
    assert answer.json()["errors"][0]["detail"]


@pytest.mark.parametrize("how", ["declared", "chunked"])
def test_a_document_of_10_mb(http: httpx.Client, how: str) -> None:
    """A document beyond the limit is refused whether or not its size is declared, and the limit is named."""
    body = json.dumps(echo_all(["x" * 1000] * 10_000)).encode()
    pieces = (body[at : at + 65536] for at in range(0, len(body), 65536))
    check(http.post(JOBS, content=body if how == "declared" else pieces, headers=JSON), 413, "too-large")


def test_every_fault_is_told_at_once(http: httpx.Client) -> None:
    """Unknown tools and fields, wrong types and steps in a circle are all named with their places."""
    one = {"run": "creat_sdm", "in": {}}
    circle = {"run": "concatenate_tables", "in": {"tables": ["circle/table"]}}
    document = {"name": 5, "colour": "red", "steps": {"one": one, "circle": circle}, "outputs": ["none/at_all"]}
    problem = check(http.post(JOBS, json=document), 422, "invalid-document")
    assert {"/name", "/colour", "/steps/one/run"} <= {error["pointer"] for error in problem["errors"]}
    assert any("create_sdm" in error["detail"] for error in problem["errors"])


def test_an_absurd_scatter(http: httpx.Client) -> None:
    """Ten million items, from a small array that many steps scatter over, are refused with a pointer and a number."""
    step = {"run": "sleep_seconds", "scatter": "seconds", "in": {"seconds": "inputs/many"}}
    document: Document = {
        "name": "absurd",
        "inputs": {"many": {"value": [0] * ITEMS}},
        "steps": {f"s{number}": step for number in range(STEPS)},
        "outputs": ["s0/text"],
    }
    problem = check(http.post(JOBS, json=document), 422, "invalid-document")
    assert problem["errors"] == [{"pointer": "/steps", "detail": f"{ITEMS * STEPS} items, more than 200000"}]


@pytest.mark.full
def test_an_absurd_scatter_in_one_array(own_service: ServiceFactory) -> None:
    """Where the site allows documents that large, an array of ten million elements is refused all the same."""
    service = own_service(limits={"document_bytes": 50_000_000}, pools={"default": {"slots": 0}})
    zeros = b"0," * 9_999_999 + b"0"
    step = b'{"run": "sleep_seconds", "scatter": "seconds", "in": {"seconds": "inputs/many"}}'
    body = b'{"name": "absurd", "inputs": {"many": {"value": [%s]}}, "steps": {"s": %s}, "outputs": []}' % (zeros, step)
    answer = httpx.post(f"{service.url}{JOBS}", content=body, headers=JSON, timeout=300, trust_env=False)
    faults = check(answer, 422, "invalid-document")["errors"]
    assert {"pointer": "/steps", "detail": "10000000 items, more than 200000"} in faults


@pytest.mark.parametrize(
    ("method", "path", "statuses"),
    [
        ("PUT", f"/api/v1/uploads/{UP}", {400, 404}),
        ("PUT", "/api/v1/uploads/..", {400, 404, 405}),
        ("PUT", "/api/v1/uploads/a%00b", {400}),
        ("PUT", "/api/v1/uploads/" + "n" * 5000, {400, 414}),
        ("GET", f"/api/v1/uploads/{UP}", {404}),
        ("GET", f"{JOBS}/{UP}", {404}),
        ("GET", f"{JOBS}/{UP}/log", {404}),
        ("DELETE", f"{JOBS}/{UP}", {404}),
    ],
)
def test_traversal_in_names(http: httpx.Client, method: str, path: str, statuses: set[int]) -> None:
    """Names that lead elsewhere are refused or not found."""
    answer = http.request(method, path, content=b"x" if method == "PUT" else None)
    assert answer.status_code in statuses
    assert b"root:" not in answer.content


@pytest.fixture(scope="module")
def ended_job(shared_service: RunningService) -> str:
    """Give a job that has ended."""
    return str(shared_service.run(echo("mine"))["id"])


@pytest.mark.parametrize(
    "path",
    [
        f"outputs/{UP}",
        "outputs/say/text/../../../../document.json",
        "outputs/%2Fetc%2Fpasswd",
        f"log?step={UP}",
        "log?step=../bundles/say",
        "log?step=say&item=-1",
        "log?step=say&item=1e99",
        "log?step=say&item=0&stream=../stdout",
        f"items?step={UP}",
        "items?cursor=../..",
    ],
)
def test_traversal_in_outputs_and_logs(http: httpx.Client, ended_job: str, path: str) -> None:
    """Paths and parameters of a job's outputs and logs lead to nothing but that job's own."""
    answer = http.get(f"{JOBS}/{ended_job}/{path}")
    assert answer.status_code in (200, 400, 404), answer.text
    assert b"root:" not in answer.content
    assert answer.status_code != 200 or answer.json() == {"items": [], "next": None}


def test_an_upload_cut_off_in_the_middle(service: RunningService, http: httpx.Client) -> None:
    """Of a body whose sender goes away nothing is kept, and the same upload works afterwards."""
    incoming = service.data_dir / "uploads" / "incoming"

    def remains() -> bool:
        return incoming.exists() and any(incoming.iterdir())

    with socket.create_connection(("127.0.0.1", service.port)) as connection:
        head = f"PUT /api/v1/uploads/points.csv HTTP/1.1\r\nHost: 127.0.0.1:{service.port}\r\n"
        connection.sendall(f"{head}Content-Length: 1000000\r\n\r\n".encode() + b"x" * 500_000)
        wait_for("body arrives", remains, 30)
    wait_for("remains gone", lambda: not remains(), 30)
    assert http.get("/api/v1/uploads/" + "0" * 32).status_code == 404
