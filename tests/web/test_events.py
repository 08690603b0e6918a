"""Server-sent events over real connections."""

import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from lmsvc.jobs.states import JobState
from lmsvc.store.records import StepProgress
from lmsvc.web.services import MAX_WAITERS
from tests.web.asking import problem
from tests.web.server import Server
from tests.web.site import Site

STEP = StepProgress(step="say", tool="echo_text", category="utility")


class Sent(NamedTuple):
    """One event of a stream."""

    kind: str
    id: str | None
    data: str


def _read(response: httpx.Response, until: str = "end") -> list[Sent]:
    """Read events up to the first of a kind."""
    found: list[Sent] = []
    fields: dict[str, str] = {}
    for line in response.iter_lines():
        name, _, value = line.partition(": ")
        if line:
            fields[name] = value
            continue
        if "event" in fields:
            found.append(Sent(fields["event"], fields.get("id"), fields["data"]))
        fields = {}
        if found and found[-1].kind == until:
            break
    return found


def test_stream_tells_what_happened_and_ends(server: Server) -> None:
    """The stream of a job that is over has its events in order, its status, and an end."""
    job_id = server.site.ended(JobState.FAILED)
    with server.client() as client, client.stream("GET", f"/api/v1/jobs/{job_id}/events") as response:
        assert response.headers["Content-Type"].startswith("text/event-stream")
        sent = _read(response)
    assert [event.id for event in sent if event.kind == "state"] == ["1", "2", "3"]
    assert '"failed"' in sent[-2].data
    assert [event.kind for event in sent[-2:]] == ["status", "end"]


def test_stream_goes_on_after_the_last_event_id(server: Server) -> None:
    """With Last-Event-ID the events up to it are not sent again."""
    job_id = server.site.ended()
    headers = {"Last-Event-ID": "2"}
    with server.client() as client, client.stream("GET", f"/api/v1/jobs/{job_id}/events", headers=headers) as response:
        sent = _read(response)
    assert [event.id for event in sent if event.id] == ["3"]


def test_stream_is_live(server: Server) -> None:
    """A change of progress is told while the stream is open (bound 1 s)."""
    site = server.site
    job_id = site.running()
    with server.client() as client, client.stream("GET", f"/api/v1/jobs/{job_id}/events") as response:
        lines = response.iter_lines()
        while not next(lines).startswith("event: status"):
            pass
        begin = time.monotonic()
        site.store.save_steps(job_id, [replace(STEP, done=3, total=9)])
        while '"done":3' not in next(lines):
            pass
    took = time.monotonic() - begin
    print(f"told after {took:.3f} s")
    assert took < 5


def test_streams_without_a_thread_to_spare_end_early(tmp_path: Path) -> None:
    """Beyond the number of streams the service can hold, a stream tells what it knows and ends for a later return."""
    with Server.start(tmp_path / "data") as server, server.client() as client:
        address = f"{server.url}/api/v1/jobs/{server.site.queued()}/events"
        held = [client.send(client.build_request("GET", address), stream=True) for _ in range(MAX_WAITERS)]
        streams = [response.iter_lines() for response in held]
        for lines in streams:
            while not next(lines).startswith("event: status"):
                pass
        with client.stream("GET", address) as surplus:
            text = surplus.read().decode()
        for response in held:
            response.close()
    assert text.startswith("retry: ")
    assert "event: status" in text
    assert "event: end" not in text


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "9" * 30, "٣"])
def test_faulty_last_event_ids_are_refused(site: Site, last: str) -> None:
    """What is no id of an event gets 400."""
    headers = {"Last-Event-ID": last.encode().decode("latin-1")}
    problem(site.client.get(f"/api/v1/jobs/{site.queued()}/events", headers=headers), 400, "invalid-query")
