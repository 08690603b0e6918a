"""Listing, watching and changing jobs."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from lmsvc.jobs.states import ItemState, JobState
from lmsvc.store.records import ItemRecord, StepProgress, TaskRecord
from lmsvc.web.status import ordinal
from tests.web.asking import body, problem
from tests.web.server import Server
from tests.web.site import A_JOB, Site

STEP = StepProgress(step="say", tool="echo_text", category="utility", pool="default", stage="say")


def _names(site: Site, query: str = "") -> list[str]:
    return [job["name"] for job in body(site.client.get(f"/api/v1/jobs{query}"))["jobs"]]


def test_pages_of_jobs_follow_each_other(site: Site) -> None:
    """Following `next` from page to page gives every job once, the newest first."""
    for number in range(7):
        site.queued(replace(A_JOB, name=f"job {number}"))
    found, query = [], "?limit=3"
    while query:
        page = body(site.client.get(f"/api/v1/jobs{query}"))
        assert len(page["jobs"]) <= 3
        found += [job["name"] for job in page["jobs"]]
        query = f"?limit=3&cursor={page['next']}" if page["next"] else ""
    assert found == [f"job {number}" for number in reversed(range(7))]


def test_jobs_can_be_filtered(site: Site) -> None:
    """State, user, tag and text each leave only the jobs that fit; together they must all fit."""
    site.ended(job=replace(A_JOB, name="old heuchera", tags=("paper",)))
    site.queued(replace(A_JOB, name="new heuchera", user="ann", tags=("paper", "second")))
    site.queued(replace(A_JOB, name="ferns"))
    assert _names(site, "?state=succeeded") == ["old heuchera"]
    assert _names(site, "?user=ann") == ["new heuchera"]
    assert _names(site, "?tag=paper") == ["new heuchera", "old heuchera"]
    assert _names(site, "?q=heuchera&state=queued") == ["new heuchera"]
    assert _names(site, "?q=%25") == []


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=x", "limit"),
        ("limit=99999999999999999999999", "limit"),
        ("state=done", "state"),
        ("cursor=zzz", "cursor"),
        ("cursor=99999999999999999999999", "cursor"),
        ("cursor=-1", "cursor"),
        ("cursor=%00", "cursor"),
        ("q=%00", "q"),
        ("tag=", "tag"),
        ("limt=3", "limt"),
        ("limit=1&limit=2", "limit"),
    ],
)
def test_faulty_queries_are_explained(site: Site, query: str, parameter: str) -> None:
    """What cannot be meant gets 400 and the name of the parameter."""
    found = problem(site.client.get(f"/api/v1/jobs?{query}"), 400, "invalid-query")
    assert parameter in [fault["parameter"] for fault in found["errors"]]


def test_status_tells_everything_at_a_glance(site: Site) -> None:
    """A running job's status has its times, why it waits, counts per step and altogether."""
    job_id = site.running()
    site.store.save_steps(job_id, [replace(STEP, waiting=5, running=2, done=3, total=10), replace(STEP, step="b")])
    site.store.set_waiting(job_id, "no slot of pool default for 7 s")
    status = body(site.client.get(f"/api/v1/jobs/{job_id}"))
    assert (status["state"], status["attempt"], status["queue_position"]) == ("running", 1, None)
    assert status["waiting"] == "no slot of pool default for 7 s"
    assert status["started"] >= status["submitted"]
    assert status["started"].endswith("Z")
    assert [step["step"] for step in status["steps"]] == ["say", "b"]
    assert status["progress"] == {"waiting": 5, "running": 2, "done": 3, "failed": 0, "skipped": 0, "total": None}


def test_queued_job_says_why_it_waits(site: Site) -> None:
    """The second job in the queue says so, and what is known of slots."""
    site.queued()
    status = body(site.client.get(f"/api/v1/jobs/{site.queued()}"))
    assert status["queue_position"] == 2
    assert status["waiting"] == "2nd in the queue, the catalog does not answer"


def test_ordinals_read_as_spoken() -> None:
    """1st, 2nd, 3rd, 4th, and the teens are regular."""
    spoken = "1st 2nd 3rd 4th 11th 12th 13th 21st 102nd 111th"
    assert " ".join(ordinal(number) for number in (1, 2, 3, 4, 11, 12, 13, 21, 102, 111)) == spoken


def test_unchanged_status_is_not_sent_again(site: Site) -> None:
    """If-None-Match with the current ETag gets an empty 304; after a change it gets the new status."""
    job_id = site.queued()
    address = f"/api/v1/jobs/{job_id}"
    first = site.client.get(address)
    assert first.headers["Retry-After"]
    headers = {"If-None-Match": first.headers["ETag"]}
    unchanged = site.client.get(address, headers=headers)
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    site.store.request_cancel(job_id, time.time())
    changed = site.client.get(address, headers=headers)
    assert body(changed)["state"] == "cancelled"
    assert "Retry-After" not in changed.headers


def _in_a_moment(action: Callable[[], object]) -> threading.Thread:
    thread = threading.Timer(0.5, action)
    thread.start()
    return thread


def test_waiting_answers_as_soon_as_the_job_is_over(server: Server) -> None:
    """`wait=30` without a tag comes back with the end of the job, not earlier and hardly later (bound 1 s)."""
    job_id = server.site.queued()
    ending = _in_a_moment(lambda: server.site.store.request_cancel(job_id, time.time()))
    begin = time.monotonic()
    with server.client() as client:
        answer = client.get(f"/api/v1/jobs/{job_id}?wait=30")
    took = time.monotonic() - begin
    ending.join()
    print(f"told {took - 0.5:.3f} s after the end")
    assert answer.json()["state"] == "cancelled"
    assert 0.4 < took < 0.5 + 5


def test_waiting_with_a_tag_answers_at_the_first_change(server: Server) -> None:
    """`wait` with If-None-Match comes back when anything changed, and with 304 when nothing did."""
    site = server.site
    job_id = site.running()
    address = f"/api/v1/jobs/{job_id}"
    with server.client() as client:
        tag = {"If-None-Match": client.get(address).headers["ETag"]}
        assert client.get(f"{address}?wait=0.3", headers=tag).status_code == 304
        change = _in_a_moment(lambda: site.store.save_steps(job_id, [replace(STEP, done=1, total=2)]))
        answer = client.get(f"{address}?wait=30", headers=tag)
        change.join()
    assert answer.json()["progress"]["done"] == 1


def test_many_waiting_clients_leave_threads_for_others(server: Server) -> None:
    """With 40 clients that wait for the end of a job, a status still comes at once (bound 1 s)."""
    job_id = server.site.queued()
    address = f"/api/v1/jobs/{job_id}"

    def wait() -> None:
        with server.client() as client:
            client.get(f"{address}?wait=3")

    threads = [threading.Thread(target=wait) for _ in range(40)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    begin = time.monotonic()
    with server.client() as client:
        assert client.get(address).status_code == 200
    took = time.monotonic() - begin
    for thread in threads:
        thread.join()
    print(f"answered in {took:.3f} s beside 40 waiting clients")
    assert took < 5


@pytest.mark.parametrize("wait", ["-1", "61", "nan", "inf", "x", ""])
def test_absurd_waits_are_refused(site: Site, wait: str) -> None:
    """A wait that is negative, too long or no number gets 400."""
    problem(site.client.get(f"/api/v1/jobs/{site.queued()}?wait={wait}"), 400, "invalid-query")


def test_cancelling(site: Site) -> None:
    """A queued job is cancelled at once, a running one asked to end, one that is over is left alone."""
    queued, running, ended = site.queued(), "", ""
    assert body(site.client.post(f"/api/v1/jobs/{queued}/cancel"), 202)["state"] == "cancelled"
    assert body(site.client.post(f"/api/v1/jobs/{queued}/cancel"), 202)["state"] == "cancelled"
    running = site.running()
    asked = body(site.client.post(f"/api/v1/jobs/{running}/cancel"), 202)
    assert (asked["state"], asked["cancel_requested"]) == ("running", True)
    ended = site.ended()
    problem(site.client.post(f"/api/v1/jobs/{ended}/cancel"), 409, "wrong-state")


def test_retrying(site: Site) -> None:
    """A failed job queues again as attempt 2; a running one cannot be retried."""
    failed = site.ended(JobState.FAILED)
    status = body(site.client.post(f"/api/v1/jobs/{failed}/retry"), 202)
    assert (status["state"], status["attempt"]) == ("queued", 2)
    problem(site.client.post(f"/api/v1/jobs/{site.running()}/retry"), 409, "wrong-state")


def test_deleting(site: Site) -> None:
    """A job that is over can be deleted and is then unknown; one that is not cannot."""
    ended = site.ended()
    assert site.client.delete(f"/api/v1/jobs/{ended}").status_code == 204
    problem(site.client.get(f"/api/v1/jobs/{ended}"), 404, "not-found")
    problem(site.client.delete(f"/api/v1/jobs/{site.queued()}"), 409, "wrong-state")


@pytest.mark.parametrize("path", ["", "/events", "/tasks", "/items", "/log", "/outputs", "/outputs/a/b/c", "/package"])
def test_unknown_jobs_are_not_found(site: Site, path: str) -> None:
    """Everything below a job that is not there is a 404 problem."""
    problem(site.client.get(f"/api/v1/jobs/aaaaaaaaaa{path}"), 404, "not-found")


@pytest.mark.parametrize("change", ["cancel", "retry"])
def test_unknown_jobs_cannot_be_changed(site: Site, change: str) -> None:
    """Cancel and retry of a job that is not there are 404."""
    problem(site.client.post(f"/api/v1/jobs/aaaaaaaaaa/{change}"), 404, "not-found")


def test_tasks_name_the_host_that_ran_them(site: Site) -> None:
    """Tasks come in pages, filtered by step and state, each with host, slot and times."""
    job_id = site.running()
    tasks = [
        TaskRecord(f"say.1.{n:04}", "say", "say", 1, 5, "done" if n else "running", "node1", "node1-0", 1e9, 2.5, 80.0)
        for n in range(3)
    ]
    site.store.record_tasks(job_id, tasks)
    address = f"/api/v1/jobs/{job_id}/tasks"
    page = body(site.client.get(f"{address}?limit=2"))
    rest = body(site.client.get(f"{address}?limit=2&cursor={page['next']}"))
    listed = [*page["tasks"], *rest["tasks"]]
    assert [task["task"] for task in listed] == ["say.1.0000", "say.1.0001", "say.1.0002"]
    assert (listed[1]["host"], listed[1]["items"], listed[1]["started"]) == ("node1", 5, "2001-09-09T01:46:40.000Z")
    assert [task["task"] for task in body(site.client.get(f"{address}?state=running"))["tasks"]] == ["say.1.0000"]
    assert body(site.client.get(f"{address}?step=other"))["tasks"] == []


def test_items_say_why_they_gave_nothing(site: Site) -> None:
    """Failed and skipped items come with reason, exit code, command and the end of stderr, filtered by state."""
    job_id = site.running()
    command = ("python3", "-m", "x", "it's")
    failed = ItemRecord("say", 3, ItemState.FAILED, "Heuchera", "exit code 1", 1, None, "n1", "t", command, "Boom")
    site.store.record_items(job_id, [failed, ItemRecord("say", 4, ItemState.SKIPPED, reason="no records")])
    address = f"/api/v1/jobs/{job_id}/items"
    (item,) = body(site.client.get(f"{address}?state=failed"))["items"]
    assert (item["index"], item["label"], item["exit_code"], item["stderr_tail"]) == (3, "Heuchera", 1, "Boom")
    assert item["command"] == list(command)
    assert len(body(site.client.get(address))["items"]) == 2
    problem(site.client.get(f"{address}?state=nonsense"), 400, "invalid-query")


@pytest.mark.parametrize("path", ["/api/v1/jobs", "/api/v1/jobs/{}/outputs", "/api/v1/tools", "/api/v1/jobs/{}/tasks"])
def test_what_is_unchanged_is_not_sent_again(site: Site, path: str) -> None:
    """Each list has an ETag: with it the answer is 304 and empty until the list is another one."""
    address = path.format(site.ended())
    first = site.client.get(address)
    again = site.client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, again.data) == (200, 304, b"")
    assert site.client.get(address, headers={"If-None-Match": '"other"'}).data == first.data
