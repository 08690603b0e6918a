"""Submission: every fault at once, one job per key, accepted quickly."""

import json
import threading
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from lmsvc.doorbell import Doorbell
from lmsvc.jobs.states import JobState
from tests.service.running import wait_for
from tests.web.asking import body, problem
from tests.web.server import Server
from tests.web.site import ECHO, Site


def _post(site: Site, raw: bytes, **headers: str) -> TestResponse:
    return site.client.post("/api/v1/jobs", data=raw, content_type="application/json", headers=headers)


def test_submission_is_stored_and_located(site: Site) -> None:
    """A good document gets 202, a Location that answers, and is in the store as sent."""
    answer = site.submit()
    accepted = body(answer, 202)
    assert accepted["state"] == "queued"
    assert answer.headers["Location"] == accepted["links"]["self"]
    status = body(site.client.get(answer.headers["Location"]))
    assert (status["name"], status["queue_position"]) == ("echo", 1)
    job = site.store.job(accepted["id"])
    assert job is not None
    assert job.document == ECHO
    assert job.small


def test_submission_rings_the_controller(site: Site) -> None:
    """A controller that listens is woken by a submission, a cancel and a retry."""
    bell = Doorbell(site.paths.controller_doorbell)
    job_id = body(site.submit(), 202)["id"]
    assert bell.wait(5)
    assert site.client.post(f"/api/v1/jobs/{job_id}/cancel").status_code == 202
    assert bell.wait(5)
    assert site.client.post(f"/api/v1/jobs/{job_id}/retry").status_code == 202
    assert bell.wait(5)
    bell.close()


def test_every_fault_is_named_with_its_place(site: Site) -> None:
    """An unknown tool and a reference to nothing are both in the answer, each with a JSON pointer."""
    document = {
        "name": "x",
        "steps": {"a": {"run": "creat_sdm"}, "b": {"run": "echo_text", "in": {"text": "inputs/nothing"}}},
        "outputs": ["b/text"],
    }
    found = problem(site.submit(document), 422, "invalid-document")
    pointers = {fault["pointer"] for fault in found["errors"]}
    assert {"/steps/a/run", "/steps/b/in/text"} <= pointers
    assert "create_sdm" in next(fault["detail"] for fault in found["errors"] if fault["pointer"] == "/steps/a/run")
    assert site.store.counts()[JobState.QUEUED] == 0


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b'{"a": NaN}',
        b'{"a": 1, "a": 2}',
        b"\xff\xfe",
        b'{"a": "\\u0000"}',
        b'{"a": "\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"9" * 100_000,
        b"-",
        b"\x00",
    ],
)
def test_what_is_not_strict_json_is_refused(site: Site, raw: bytes) -> None:
    """Broken, ambiguous, unstorable or absurdly nested JSON gets 400 with the place of the fault."""
    assert problem(_post(site, raw), 400, "malformed-document")["errors"]


@pytest.mark.parametrize("raw", [b"null", b"[]", b"1", b'"x"', b"{}", b'{"name": 3, "steps": [], "outputs": {}}'])
def test_json_of_the_wrong_shape_is_refused(site: Site, raw: bytes) -> None:
    """JSON that is no job document gets 422 with pointers."""
    assert problem(_post(site, raw), 422, "invalid-document")["errors"]


def test_body_must_be_declared_as_json(site: Site) -> None:
    """Another media type, also the one of HTML forms, gets 415."""
    answer = site.client.post("/api/v1/jobs", data=json.dumps(ECHO), content_type="text/plain")
    problem(answer, 415, "unsupported-media-type")


def test_too_large_documents_are_refused_over_a_connection(server: Server) -> None:
    """Ten megabytes get a readable 413, announced or chunked, and the service goes on."""
    huge = b'{"name": "' + b"x" * 10_000_000 + b'"}'
    headers = {"Content-Type": "application/json"}
    with server.client() as client:
        announced = client.post("/api/v1/jobs", content=huge, headers=headers)
        chunked = client.post("/api/v1/jobs", content=iter([huge[:5_000_000], huge[5_000_000:]]), headers=headers)
        good = client.post("/api/v1/jobs", json=dict(ECHO))
    assert (announced.status_code, chunked.status_code, good.status_code) == (413, 413, 202)
    assert announced.json()["type"] == "urn:lmsvc:too-large"


def test_truncated_document_is_refused(server: Server) -> None:
    """A document whose connection ends early gets 400, although what arrived is a good document."""
    before = server.site.store.counts()
    raw = json.dumps(ECHO).encode()
    head = (
        f"POST /api/v1/jobs HTTP/1.1\r\nHost: [::1]\r\nContent-Type: application/json\r\nContent-Length: {len(raw) + 9}"
    )
    answer = server.raw(head.encode() + b"\r\n\r\n" + raw)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert server.site.store.counts() == before


def test_dry_run_answers_the_plan_and_stores_nothing(site: Site) -> None:
    """With dry_run=true the answer has stages, categories, pools and counts, and no job appears."""
    plan = body(site.client.post("/api/v1/jobs?dry_run=true", json=dict(ECHO)))
    assert plan["stages"] == [{"id": "say", "pool": "default", "steps": ["say"], "after": []}]
    assert (plan["items"], plan["tasks"], plan["pools"]) == (1, 1, ["default"])
    assert plan["categories"] == [plan["steps"][0]["category"]]
    assert site.store.counts()[JobState.QUEUED] == 0


def test_dry_run_counts_scatter_items_where_they_are_known(site: Site) -> None:
    """A scatter over a value of 100 elements has 100 items in fewer tasks; one over an unknown array has null."""
    texts = {"value": [f"text {number}" for number in range(100)]}
    document = {
        "name": "many",
        "inputs": {"texts": texts},
        "steps": {"say": {"run": "echo_text", "scatter": "text", "in": {"text": "inputs/texts"}}},
        "outputs": ["say/text"],
    }
    plan = body(site.client.post("/api/v1/jobs?dry_run=true", json=document))
    assert plan["items"] == 100
    assert 1 <= plan["tasks"] < 100


def test_job_no_pool_can_run_is_refused(tmp_path: Path) -> None:
    """Where no pool serves a step's category, submission and plan say so."""
    site = Site.make(tmp_path / "data", pools={"sdm": {"categories": ["sdm"]}})
    assert "category" in problem(site.submit(), 422, "not-plannable")["detail"]
    site.store.close()


def test_a_task_too_large_for_every_slot_is_refused_at_its_step(tmp_path: Path) -> None:
    """The problem points to the step and says what it needs and what the largest slot has; a new page counts."""
    page = tmp_path / "pools.json"
    page.write_text(json.dumps({"pools": {"tiny": {"memory_mb": 10}}}))
    site = Site.make(tmp_path / "data", pools_file=page)
    answer = problem(site.submit(), 422, "not-plannable")
    reason = "no pool can run this task: needs 50 MB, largest slot 10 MB"
    assert answer["errors"] == [{"pointer": "/steps/say/run", "detail": reason}]
    page.write_text(json.dumps({"pools": {"tiny": {"memory_mb": 1000}}}))
    wait_for("the new page", lambda: site.submit().status_code == 202, 10)
    site.store.close()


def test_same_key_and_body_give_the_same_job(site: Site) -> None:
    """A repeated submission with its Idempotency-Key answers with the first job and makes no second one."""
    first, second = (site.submit(key="k1") for _ in range(2))
    assert body(first, 202)["id"] == body(second, 202)["id"]
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert site.store.counts()[JobState.QUEUED] == 1


def test_replayed_key_survives_a_restart(tmp_path: Path) -> None:
    """A key used before the service was restarted still gives its job."""
    before = Site.make(tmp_path / "data")
    job_id = body(before.submit(key="k1"), 202)["id"]
    before.store.close()
    after = Site.make(tmp_path / "data")
    assert body(after.submit(key="k1"), 202)["id"] == job_id
    after.store.close()


def test_same_key_with_another_body_is_refused(site: Site) -> None:
    """A key that came with another document gets 422, even where the new document is faulty."""
    body(site.submit(key="k1"), 202)
    problem(site.submit({**ECHO, "name": "other"}, key="k1"), 422, "idempotency-conflict")
    problem(site.submit({}, key="k1"), 422, "idempotency-conflict")


def test_faulty_document_does_not_use_up_its_key(site: Site) -> None:
    """After a 422 the corrected document may come with the same key."""
    problem(site.submit({}, key="k1"), 422, "invalid-document")
    body(site.submit(key="k1"), 202)


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "ä"])
def test_unusable_keys_are_refused(site: Site, key: str) -> None:
    """A key that is empty, too long or not visible ASCII gets 400."""
    found = problem(site.submit(key=key), 400, "invalid-query")
    assert found["errors"][0]["parameter"] == "Idempotency-Key"


def test_competing_submissions_with_one_key_make_one_job(server: Server) -> None:
    """Ten simultaneous submissions with one key all get 202 and the same id."""
    ids: list[str] = []
    before = server.site.store.counts()[JobState.QUEUED]

    def post() -> None:
        with server.client() as client:
            answer = client.post("/api/v1/jobs", json=dict(ECHO), headers={"Idempotency-Key": "k"})
            ids.append(answer.raise_for_status().json()["id"])

    threads = [threading.Thread(target=post) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 10
    assert len(set(ids)) == 1
    assert server.site.store.counts()[JobState.QUEUED] == before + 1


def test_unknown_upload_is_a_fault_with_its_place(site: Site) -> None:
    """A document that names an upload that is not there gets 422 with the pointer of the input."""
    document = {
        "name": "x",
        "inputs": {"points": {"upload": "0" * 32}},
        "steps": {"split": {"run": "split_occurrence_data", "in": {"occurrences": "inputs/points"}}},
        "outputs": ["split/species"],
    }
    found = problem(site.submit(document), 422, "invalid-document")
    assert any(fault["pointer"].startswith("/inputs/points") for fault in found["errors"])


def test_no_job_is_taken_without_room_for_it(tmp_path: Path) -> None:
    """Below the disk reserve a submission gets 507 and nothing is stored."""
    site = Site.make(tmp_path / "data", limits={"reserve_mb": 10**9})
    problem(site.submit(), 507, "no-space")
    assert site.store.counts()[JobState.QUEUED] == 0
    site.store.close()
