"""Server-sent events over real connections."""

import contextlib
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from lmsvc.jobs.states import JobState
from lmsvc.store.accounts_records import Share, User
from lmsvc.store.records import StepProgress
from lmsvc.web.services import MAX_WAITERS
from tests.service.running import wait_for
from tests.web.asking import problem
from tests.web.people import SITE_TOKEN, bearer, token_of
from tests.web.server import Server
from tests.web.site import A_JOB, Site

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


WAITING_SECONDS = 30.0


@dataclass
class Watcher:
    """Somebody who reads the stream of a job in a thread."""

    address: str
    headers: dict[str, str]
    begun: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    text: str = ""

    def start(self) -> "Watcher":
        """Begin; return once the first status has come."""
        threading.Thread(target=self._read, daemon=True).start()
        assert self.begun.wait(WAITING_SECONDS), self.text
        return self

    def _read(self) -> None:
        with contextlib.suppress(httpx.TransportError):
            self._read_lines()
        self.ended.set()

    def _read_lines(self) -> None:
        with httpx.stream("GET", self.address, headers=self.headers, timeout=None, trust_env=False) as response:
            for line in response.iter_lines():
                self.text += f"{line}\n"
                if line.startswith("event: status"):
                    self.begun.set()


def test_streams_end_with_what_let_them_in(tmp_path: Path) -> None:
    """Soon after a token is revoked, its user disabled or a link withdrawn its streams end; others stay (bound 6 s)."""
    token = tmp_path / "token"
    token.write_text(SITE_TOKEN)
    with Server.start(tmp_path / "data", LMSVC_TOKEN_FILE=str(token)) as server:
        store = server.site.store
        tokens = {name: token_of(store, name) for name in ("revoked", "disabled", "staying")}
        jobs = {name: server.site.running(replace(A_JOB, user=name)) for name in tokens}
        now = time.time()
        link = store.share(Share("s" * 40, jobs["staying"], "staying", now, now + 3600))
        watched = [(jobs[name], token) for name, token in tokens.items()] + [(jobs["staying"], link.secret)]
        revoked, disabled, staying, shared = (
            Watcher(f"{server.url}/api/v1/jobs/{job}/events", bearer(secret)).start() for job, secret in watched
        )
        begin = time.monotonic()
        store.revoke_token(store.tokens("revoked")[0].id)
        store.change_user(User("disabled", disabled=True))
        store.unshare(jobs["staying"])
        for watcher in (revoked, disabled, shared):
            assert watcher.ended.wait(WAITING_SECONDS)
            assert "event: end" not in watcher.text
        print(f"ended after {time.monotonic() - begin:.1f} s")
        store.save_steps(jobs["staying"], [replace(STEP, done=7, total=9)])
        wait_for("the other is told", lambda: '"done":7' in staying.text, WAITING_SECONDS)
        assert not staying.ended.is_set()


def test_a_stream_ends_with_a_token_that_expires(tmp_path: Path) -> None:
    """A token that was good for some seconds when its stream began is found to be over."""
    token = tmp_path / "token"
    token.write_text(SITE_TOKEN)
    with Server.start(tmp_path / "data", LMSVC_TOKEN_FILE=str(token)) as server:
        short = token_of(server.site.store, "ada", days=8 / 86_400)
        job = server.site.running(replace(A_JOB, user="ada"))
        watcher = Watcher(f"{server.url}/api/v1/jobs/{job}/events", bearer(short)).start()
        assert watcher.ended.wait(2 * WAITING_SECONDS)
