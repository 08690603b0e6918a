"""Budgets of the API: acceptance, status under a long queue. Bounds are five times what is promised."""

import json
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from tests.web.people import SITE_TOKEN, bearer, token_of
from tests.web.server import Server
from tests.web.site import A_JOB, ECHO

QUEUED = 10_000
PATIENCE = 5


def _seconds(action: Callable[[], httpx.Response], times: int) -> list[float]:
    found = []
    for _ in range(times):
        begin = time.monotonic()
        action().raise_for_status()
        found.append(time.monotonic() - begin)
    return sorted(found)


def _p99(seconds: list[float]) -> float:
    return seconds[int(len(seconds) * 0.99)]


def test_job_is_accepted_within_20_ms(server: Server) -> None:
    """The median submission is answered within 20 ms."""
    with server.client() as client:
        seconds = _seconds(lambda: client.post("/api/v1/jobs", json=dict(ECHO)), 100)
    print(f"accepted in {statistics.median(seconds) * 1000:.1f} ms (p99 {_p99(seconds) * 1000:.1f} ms)")
    assert statistics.median(seconds) < 0.02 * PATIENCE


@pytest.mark.slow
@pytest.mark.full
def test_long_queue_slows_nothing(tmp_path: Path) -> None:
    """With 10,000 queued jobs, 200 more a second are accepted by 8 clients, and status has a p99 of 100 ms."""
    with Server.start(tmp_path / "data") as server:
        for _ in range(QUEUED):
            server.site.queued(A_JOB)
        last = server.site.queued(A_JOB)
        rate = _accepted_per_second(server, clients=8, each=100)
        with server.client() as client:
            status = _seconds(lambda: client.get(f"/api/v1/jobs/{last}"), 300)
            page = _seconds(lambda: client.get("/api/v1/jobs"), 30)
    print(f"{rate:.0f} accepted/s; status p99 {_p99(status) * 1000:.1f} ms; list {_p99(page) * 1000:.1f} ms")
    assert rate > 200 / PATIENCE
    assert _p99(status) < 0.1 * PATIENCE


@pytest.mark.slow
@pytest.mark.full
def test_jobs_of_users_are_accepted_as_fast(tmp_path: Path) -> None:
    """With tokens, quotas and bounds on rates 200 jobs a second of four users with full queues are accepted."""
    (tmp_path / "token").write_text(SITE_TOKEN)
    settings = {"LMSVC_TOKEN_FILE": str(tmp_path / "token"), "LMSVC_QUOTA": '{"jobs": 1500, "bytes": 1000000000}'}
    with Server.start(tmp_path / "data", **settings) as server:
        names = [f"user{number}" for number in range(4)]
        tokens = [token_of(server.site.store, name) for name in names]
        for name in names:
            for _ in range(1000):
                server.site.queued(replace(A_JOB, user=name))
        rate = _accepted_per_second(server, clients=4, each=200, tokens=tokens)
    print(f"{rate:.0f} accepted/s of users")
    assert rate > 200 / PATIENCE


def _accepted_per_second(server: Server, clients: int, each: int, tokens: Sequence[str] = ()) -> float:
    """Return how many jobs a second are accepted while so many clients post so many each, in turn with the tokens."""
    raw = json.dumps(ECHO).encode()

    def post(number: int) -> None:
        headers = {"Content-Type": "application/json"} | (bearer(tokens[number % len(tokens)]) if tokens else {})
        with server.client() as client:
            for _ in range(each):
                client.post("/api/v1/jobs", content=raw, headers=headers).raise_for_status()

    threads = [threading.Thread(target=post, args=(number,)) for number in range(clients)]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return clients * each / (time.monotonic() - begin)
