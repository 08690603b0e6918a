"""What tools wrote on standard output and standard error: in the bundles of finished tasks, and in running ones."""

import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from flask import Response
from pydantic import Field

from lmsvc.web.jobs import Text
from lmsvc.web.live import LivePart, heading, live_parts
from lmsvc.web.operations import Answer, Operation, Query
from lmsvc.web.problems import FaultBody, Problem, not_found
from lmsvc.web.running import RunningTask, running_of
from lmsvc.web.services import services
from lmsvc.web.status import head_or_404
from lmsvc.worker.live_log import STREAMS
from lmsvc.worker.step_runner import BundleError, read_status

PIECE_BYTES = 1 << 16
ENTRIES_AT_MOST = 100_000


class LogQuery(Query):
    """Which part of the log to show."""

    step: Text = None
    item: Annotated[int | None, Field(ge=0, le=2**31, description="index of a scatter item; needs `step`")] = None
    stream: Literal["stdout", "stderr", "both"] = "both"


@dataclass(frozen=True)
class Entry:
    """The log of one item in one bundle."""

    bundle: Path
    task: str
    step: str
    started: float
    item: dict[str, Any]

    def heading(self, stream: str) -> str:
        """Return the line that stands above a part of a log of several parts."""
        return heading(self.step, self.item["index"], self.item.get("label"), self.item["state"], stream)

    def pieces(self, stream: str) -> Iterator[bytes]:
        """Yield what the bundle has of a stream."""
        return _text(self.bundle, self.item.get(stream))


def get_log(job_id: str, query: LogQuery) -> Response:
    """Show what a job's tools printed: of all items, of a step's, or of one item.

    First come those that have finished, then of those that run now the end of what they have printed so far. Parts
    have headings; one stream of one item comes as the tool wrote it.
    """
    head = head_or_404(job_id)
    if query.item is not None and query.step is None:
        fault = FaultBody(parameter="step", detail="is needed with item")
        raise Problem(400, "invalid-query", "item needs step", errors=[fault])
    pieces = log_pieces(job_id, query, running_of(head, query.step))
    if pieces is None:
        raise not_found("Nothing of this has begun yet: there is no log.")
    return Response(pieces, content_type="text/plain; charset=utf-8")


def log_pieces(job_id: str, query: LogQuery, running: Sequence[RunningTask]) -> Iterator[bytes] | None:
    """Return the pieces of a log, of running tasks too; None where nothing of this has begun yet."""
    live = live_parts(job_id, running, query.item)
    entries = [] if live and query.item is not None else _wanted(services().paths.job(job_id).bundles, query)
    if not entries and not live:
        return None
    streams = STREAMS if query.stream == "both" else (query.stream,)
    return _pieces([*entries, *live], streams, query.item is not None and len(streams) == 1)


def _wanted(bundles: Path, query: LogQuery) -> list[Entry]:
    """Return the entries asked for in the order they ran; of a single item the latest attempt alone."""
    found = sorted(_entries(bundles, query), key=lambda entry: (entry.started, entry.task, entry.item["index"]))
    return found[-1:] if query.item is not None else found[:ENTRIES_AT_MOST]


def _entries(bundles: Path, query: LogQuery) -> Iterator[Entry]:
    for path in bundles.glob("*.tar"):
        if query.step is not None and not path.name.startswith(f"{query.step}."):
            continue
        status = _status(path)
        if query.step in (None, status.get("step")):
            items = [item for item in status.get("items", []) if query.item in (None, item["index"])]
            yield from (Entry(path, status["task"], status["step"], status["started"], item) for item in items)


def _status(path: Path) -> dict[str, Any]:
    try:
        return read_status(path)
    except (OSError, BundleError):
        return {}


def _pieces(parts: Sequence[Entry | LivePart], streams: tuple[str, ...], bare: bool) -> Iterator[bytes]:
    for part in parts:
        for stream in streams:
            if not bare:
                yield f"{part.heading(stream)}\n".encode(errors="replace")
            yield from part.pieces(stream)
            if not bare:
                yield b"\n"


def _text(bundle: Path, member: str | None) -> Iterator[bytes]:
    if member is None:
        return
    try:
        with tarfile.open(bundle, "r:") as archive:
            stream = archive.extractfile(member)
            while stream and (piece := stream.read(PIECE_BYTES)):
                yield piece
    except (KeyError, OSError, tarfile.TarError):
        yield b"(the bundle with this log is no longer there)\n"


OPERATIONS = (
    Operation(
        "GET",
        "/api/v1/jobs/{job_id}/log",
        get_log,
        "jobs",
        {200: Answer("The log.", media_type="text/plain")},
        (400, 404),
        LogQuery,
    ),
)
