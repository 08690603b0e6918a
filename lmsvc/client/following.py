"""A job's events as they happen, over connections that come and go."""

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from lmsvc.client.calls import job_path
from lmsvc.client.errors import ClientError
from lmsvc.client.patience import Patience
from lmsvc.client.transport import Transport

PAUSE_SECONDS = 1.0


@dataclass(frozen=True)
class Event:
    """Something that happened to a job.

    Attributes:
        kind: what; `status` carries the job's state whenever it changed, `end` comes last.
        data: its facts; of `status` the job as `Client.job` returns it.
        id: its number; None for what is not kept, such as `status`.
    """

    kind: str
    data: dict[str, Any]
    id: int | None = None


def follow(transport: Transport, job_id: str, after: int = 0) -> Iterator[Event]:
    """Yield what happened to a job and what happens, each event once, up to `end`.

    Where the connection ends early it is taken up again after the last event that came.

    Args:
        transport: to the service.
        job_id: of the job.
        after: id of the last event that is known already.

    Raises:
        ClientError: there is no such job, or the service was away for a minute.
    """
    patience = Patience()
    while True:
        try:
            for event in _stream(transport, job_id, after):
                patience.progressed()
                after = event.id or after
                yield event
                if event.kind == "end":
                    return
            time.sleep(PAUSE_SECONDS)
        except ClientError as error:
            patience.failed(error)


def _stream(transport: Transport, job_id: str, after: int) -> Iterator[Event]:
    headers = {"Accept": "text/event-stream", **({"Last-Event-ID": str(after)} if after else {})}
    with transport.stream(f"{job_path(job_id)}/events", headers) as response:
        yield from parse_events(response.iter_lines())


def parse_events(lines: Iterable[str]) -> Iterator[Event]:
    """Yield the events that lines of a stream say; one that is cut off does not count."""
    fields: dict[str, str] = {}
    for line in lines:
        if line == "":
            if "data" in fields:
                yield _event(fields)
            fields = {}
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        fields[name] = f"{fields[name]}\n{value}" if name == "data" and name in fields else value


def _event(fields: dict[str, str]) -> Event:
    number = fields.get("id", "")
    return Event(
        fields.get("event", "message"), json.loads(fields["data"]), int(number) if number.isdecimal() else None
    )
