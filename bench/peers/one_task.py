"""Services with a web API (GA4GH WES): one task from the POST to its end."""

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.context import Bench
from bench.peers.environments import PeerFailed, peer_python
from bench.processes import TooSlow, running, wait_until
from bench.rows import Row
from bench.samples import Samples

FILES = Path(__file__).resolve().parent / "files"
WORKFLOW = "echo.cwl"
START_SECONDS = 60.0
RUN_SECONDS = 60.0
POLL_SECONDS = 0.01
OVER = {"COMPLETE", "EXECUTOR_ERROR", "SYSTEM_ERROR", "CANCELED"}


@dataclass(frozen=True)
class WebPeer:
    """A service: how to install and start it, and where its API is.

    Attributes:
        name: for the table.
        requirements: of its environment.
        words: its command; ``{port}`` and ``{dir}`` are filled in.
        base: path in front of ``/runs``.
        engine: form field and value that choose the engine, where one must be chosen.
    """

    name: str
    requirements: tuple[str, ...]
    words: tuple[str, ...]
    base: str
    engine: tuple[tuple[str, str], ...] = ()


WEB_PEERS = (
    WebPeer(
        "wes-service",
        ("wes-service", "cwltool"),
        ("wes-server", "--backend=wes_service.cwl_runner", "--port", "{port}", "--opt", "runner=cwltool"),
        "/ga4gh/wes/v1",
    ),
    WebPeer(
        "Sapporo",
        ("sapporo", "cwltool"),
        ("sapporo", "--host", "127.0.0.1", "--port", "{port}", "--run-dir", "{dir}"),
        "",
        (("workflow_engine", "cwltool"),),
    ),
)


def one_task_rows(bench: Bench) -> Iterator[Row]:
    """Measure one task through each peer that has a web API; what does not work becomes a note."""
    for peer in WEB_PEERS:
        times, note = [], "cwltool without a container's start"
        try:
            times = _times(bench, peer)
        except (PeerFailed, TooSlow, httpx.HTTPError) as error:
            note = f"not measured: {error}"
        yield Row("latency", f"POST of a one-step job to its end, {peer.name}", "s", Samples.of(times), note=note)


def _times(bench: Bench, peer: WebPeer) -> list[float]:
    with bench.room("peer") as directory, _server(bench, peer, directory) as client:
        _run(client, peer)
        return [_run(client, peer) for _ in range(bench.count(5, 1))]


@contextlib.contextmanager
def _server(bench: Bench, peer: WebPeer, directory: Path) -> Iterator[httpx.Client]:
    """Run a peer's server; give a client of it once it answers."""
    python = peer_python(peer.name.lower(), peer.requirements)
    port = bench.ports.take()
    words = [word.format(port=port, dir=directory) for word in peer.words]
    path = os.pathsep.join([str(python.parent), str(FILES), bench.environment["PATH"]])
    with (
        running([str(python.parent / words[0]), *words[1:]], directory, {**bench.environment, "PATH": path}),
        httpx.Client(base_url=f"http://127.0.0.1:{port}{peer.base}", timeout=30.0, trust_env=False) as client,
    ):
        wait_until(f"{peer.name} answers", lambda: _answers(client), START_SECONDS)
        yield client


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/service-info").status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _run(client: httpx.Client, peer: WebPeer) -> float:
    """Run one job; return the seconds from the POST to the state that says it is over."""
    form = {
        "workflow_params": "{}",
        "workflow_type": "CWL",
        "workflow_type_version": "v1.0",
        "workflow_url": WORKFLOW,
        **dict(peer.engine),
    }
    files = {"workflow_attachment": (WORKFLOW, (FILES / WORKFLOW).read_bytes())}
    started = time.monotonic()
    answer = client.post("/runs", data=form, files=files)
    if answer.is_error:
        raise PeerFailed(f"{peer.name} answered {answer.status_code}: {answer.text[:300]}")
    run_id = answer.json()["run_id"]
    while (state := client.get(f"/runs/{run_id}/status").json()["state"]) not in OVER:
        if time.monotonic() - started > RUN_SECONDS:
            raise TooSlow(f"{peer.name}: {state} after {RUN_SECONDS:g} s")
        time.sleep(POLL_SECONDS)
    if state != "COMPLETE":
        raise PeerFailed(f"{peer.name}: {client.get(f'/runs/{run_id}').text[-500:]}")
    return time.monotonic() - started
