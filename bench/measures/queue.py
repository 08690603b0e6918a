"""Ten thousand queued jobs, and jobs of users."""

import contextlib
import http.client
import json
import random
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from bench.context import Bench
from bench.documents import trivial
from bench.jobs import JobFailed
from bench.processes import memory, wait_until
from bench.rows import Row, Statistic, at_least, at_most
from bench.samples import Samples
from bench.service import Service
from lmsvc.store import open_store
from lmsvc.store.accounts_records import User
from lmsvc.store.accounts_secrets import issue

CLIENTS = 4
USERS = 4
REQUEST_SECONDS = 60.0


def queue(bench: Bench) -> Iterator[Row]:
    """Post many jobs while the service works on them, ask for their states, start the service again."""
    jobs, asked = bench.count(10_000, 100), bench.count(500, 50)
    with bench.service() as service:
        ids, seconds = post_jobs(service, jobs)
        rate = Samples.of([jobs / seconds], higher_is_better=True)
        note = f"{CLIENTS} clients, each with one connection; the service runs jobs meanwhile"
        promise = (at_least(Statistic.MEDIAN, 200),)
        yield Row("queue", f"{jobs} jobs posted: accepted", "per s", rate, promise, note=note)
        chance = random.Random(1)
        times = Samples.of(_status_ms(service, chance.choice(ids)) for _ in range(asked))
        what = f"status of a job while {jobs} are queued"
        yield Row("queue", what, "ms", times, (at_most(Statistic.P99, 100),), note=f"p99 {times.percentile(99):.1f} ms")
        yield _memory_row(service, "before the restart")
        yield _restart_row(service, jobs)
        yield _memory_row(service, "after the restart")


def users(bench: Bench) -> Iterator[Row]:
    """Post jobs with the tokens of users, whose quotas and rates are looked at, while the service works on them."""
    jobs = bench.count(4_000, 100)
    with bench.room("token") as place:
        (place / "token").write_text(secrets.token_hex(24), encoding="ascii")
        with bench.service(token_file=str(place / "token")) as service:
            _, seconds = post_jobs(service, jobs, _tokens(service))
    rate = Samples.of([jobs / seconds], higher_is_better=True)
    promise = (at_least(Statistic.MEDIAN, 200),)
    note = f"{CLIENTS} clients, {USERS} users with the default quota"
    yield Row("users", f"{jobs} jobs posted with users' tokens: accepted", "per s", rate, promise, note=note)


def _tokens(service: Service) -> list[str]:
    """Return a token of each of some new users."""
    with contextlib.closing(open_store(f"sqlite:///{service.data_dir}/lmsvc.sqlite3")) as store:
        for number in range(USERS):
            store.add_user(User(f"user{number}", created=time.time()))
        made = (issue(store, f"user{number}", time.time(), scopes=["read", "submit"]) for number in range(USERS))
        return [token for _, token in filter(None, made)]


def post_jobs(service: Service, count: int, tokens: Sequence[str] = ("",)) -> tuple[list[str], float]:
    """Post jobs from a few clients at once; return their ids and the seconds it took until all were accepted.

    Args:
        service: takes the jobs.
        count: how many.
        tokens: to send, one after the other; an empty one is not sent.
    """
    body = json.dumps(trivial()).encode()
    started = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as pool:
        futures = [pool.submit(_post, service.url, body, tokens[number % len(tokens)]) for number in range(count)]
        ids = [future.result() for future in futures]
    return ids, time.monotonic() - started


_local = threading.local()


def _connection(url: str) -> http.client.HTTPConnection:
    """Return this thread's own connection, which stays open."""
    address = urlsplit(url).netloc
    known: dict[str, http.client.HTTPConnection] = _local.__dict__.setdefault("connections", {})
    return known.setdefault(address, http.client.HTTPConnection(address, timeout=REQUEST_SECONDS))


def _post(url: str, body: bytes, token: str) -> str:
    connection = _connection(url)
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    connection.request("POST", "/api/v1/jobs", body, headers)
    response = connection.getresponse()
    text = response.read()
    if response.status != http.client.ACCEPTED:
        raise JobFailed(f"POST answered {response.status}: {text[:500].decode(errors='replace')}")
    return str(json.loads(text)["id"])


def _status_ms(service: Service, job_id: str) -> float:
    connection = _connection(service.url)
    started = time.monotonic()
    connection.request("GET", f"/api/v1/jobs/{job_id}")
    response = connection.getresponse()
    response.read()
    if response.status != http.client.OK:
        raise JobFailed(f"status answered {response.status}")
    return 1000 * (time.monotonic() - started)


def _memory_row(service: Service, when: str) -> Row:
    used = Samples.of([memory([service.controller_pid()]).rss_mb])
    return Row("queue", f"the controller's memory, {when}", "MB", used, (at_most(Statistic.MEDIAN, 300),))


def _restart_row(service: Service, jobs: int) -> Row:
    before = service.controller_pid()
    service.stop()
    seconds = service.start()
    wait_until("the new controller", lambda: service.controller_pid() != before, REQUEST_SECONDS)
    promise = (at_most(Statistic.MEDIAN, 15),)
    return Row("queue", f"start to ready with {jobs} jobs queued", "s", Samples.of([seconds]), promise)
