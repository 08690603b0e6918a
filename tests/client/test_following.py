"""Events over connections that come and go."""

import threading
import time

from lmsvc.client import Client, Event
from lmsvc.client.following import parse_events
from lmsvc.jobs.states import JobState
from tests.client.relay import Relay
from tests.web.server import Server


def test_each_event_comes_once_whatever_happens_to_the_line(server: Server) -> None:
    """Over a line that breaks after each few hundred bytes, events have the numbers 1, 2, 3, ... and come to an end."""
    site = server.site
    job_id = site.running()
    for number in range(20):
        site.store.append_event(job_id, "note", {"number": number}, time.time())
    facts = {"expected": JobState.RUNNING, "owner": "tests"}
    end = threading.Timer(1.0, site.store.transition, (job_id, JobState.SUCCEEDED, time.time()), facts)
    end.start()
    with Relay.over(server.url, most=1500) as relay, Client(relay.url) as client:
        seen = list(client.follow(job_id))
    end.join()
    numbers = [event.id for event in seen if event.id is not None]
    print(f"{len(seen)} events over {relay.connections} connections")
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > 20
    assert relay.connections > 2
    assert seen[-1].kind == "end"
    assert [event.data["state"] for event in seen if event.kind == "status"][-1] == "succeeded"


def test_events_can_be_taken_up_after_one_that_is_known(server: Server) -> None:
    """Only what came after the event named is told."""
    job_id = server.site.ended()
    with Client(server.url) as client:
        numbers = [event.id for event in client.follow(job_id) if event.id is not None]
        rest = [event.id for event in client.follow(job_id, after=numbers[0]) if event.id is not None]
    assert rest == numbers[1:]


def test_a_stream_is_read_as_browsers_read_it() -> None:
    """Comments and unknown fields do not count, lines of data are joined, and what is cut off is no event."""
    lines = ["retry: 1000", "", ": still here", "", "id: 7", "event: note", 'data: {"a":', "data: 1}", "", "data: {}"]
    assert list(parse_events(lines)) == [Event("note", {"a": 1}, 7)]
