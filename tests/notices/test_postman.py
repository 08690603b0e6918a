"""The postman: every notice arrives once, after as many tries as it takes, and what came of it is on record."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

from lmsvc.jobs.states import JobState
from lmsvc.notices.postage import Postage
from lmsvc.notices.postman import LONGEST_PAUSE_SECONDS, Postman, pause_after
from lmsvc.settings import Settings
from lmsvc.store import Store
from tests.notices.jobs import ended
from tests.notices.receiving import Mailbox, hook, mail_server

PATIENT = {"webhooks": True, "private_addresses": True, "first_pause_seconds": 0.05, "timeout_seconds": 3}


def settings(**notices: object) -> Settings:
    """Return settings with some for notices."""
    return Settings.model_validate({"data_dir": Path("unused"), "notices": {**PATIENT, **notices}})


def server(box: Mailbox) -> dict[str, object]:
    """Return settings of a mail server under test."""
    return {"server": "127.0.0.1", "port": box.port, "security": "none", "sender": "lm@example.org"}


@contextmanager
def postman(store: Store, **notices: object) -> Iterator[Callable[[], None]]:
    """Give what makes a postman look around once."""
    made = Postman(settings(**notices), store, lambda: b"k" * 32)
    yield lambda: made.look(time.time())
    made.stop()


def records(store: Store, job_id: str, look: Callable[[], None], number: int = 1) -> list[dict[str, Any]]:
    """Let the postman look around until some notices of a job are settled; return what is on record."""
    end = time.monotonic() + 20
    while len(found := list(store.notices(job_id))) < number:
        assert time.monotonic() < end, "nothing came of the notice"
        look()
        time.sleep(0.02)
    return found


def test_a_notice_is_tried_until_it_arrives(store: Store) -> None:
    """A receiver that fails twice gets the same id three times, then no more."""
    with hook() as receiver, postman(store) as look:
        receiver.statuses = [500, 503, 200]
        job = ended(store, {"webhook": receiver.url}, now=time.time())
        (record,) = records(store, job.id, look)
        look()
        time.sleep(0.3)
    assert [headers["webhook-id"] for headers, _ in receiver.came] == [f"msg_{job.id}_1_ended"] * 3
    assert (record["delivered"], record["tries"], record["detail"]) == (True, 3, "HTTP 200")


def test_pauses_grow() -> None:
    """Each pause is about three times the one before, up to some hours, and no two are quite the same."""
    pauses = [pause_after(tries, 5.0) for tries in range(1, 12)]
    assert 4.0 <= pauses[0] <= 6.0
    assert all(later > 1.5 * earlier for earlier, later in pairwise(pauses[:8]))
    assert all(pause <= 1.2 * LONGEST_PAUSE_SECONDS for pause in pauses)
    assert pause_after(3, 5.0) != pause_after(3, 5.0)


def test_a_postman_who_takes_over_tells_nothing_again(store: Store) -> None:
    """What is on record as told is told, whoever told it."""
    with hook() as receiver:
        job = ended(store, {"webhook": receiver.url}, now=time.time())
        for _ in range(2):
            with postman(store) as look:
                records(store, job.id, look)
                look()
                time.sleep(0.2)
    assert len(receiver.came) == 1


def test_a_private_address_is_given_up_at_once(store: Store) -> None:
    """Where the site allows none, the record says why, and nothing was sent."""
    with hook() as receiver, postman(store, private_addresses=False) as look:
        job = ended(store, {"webhook": receiver.url}, now=time.time())
        (record,) = records(store, job.id, look)
    assert (record["delivered"], record["tries"], receiver.came) == (False, 1, [])
    assert "private network" in record["detail"]


def test_a_notice_is_given_up_after_its_time(store: Store) -> None:
    """What could not be told in time is on record as not delivered."""
    with hook() as receiver, postman(store, give_up_hours=0.5 / 3600) as look:
        receiver.statuses = [500]
        job = ended(store, {"webhook": receiver.url}, now=time.time())
        (record,) = records(store, job.id, look)
    assert (record["delivered"], record["detail"]) == (False, "HTTP 500")
    assert record["tries"] == len(receiver.came) > 1


def test_both_channels_and_every_attempt_are_told(store: Store) -> None:
    """Mail and webhook both arrive, and again when a retry of the job ends."""
    with mail_server() as box, hook() as receiver:
        notify = {"webhook": receiver.url, "email": "ada@example.org"}
        with postman(store, mail=server(box)) as look:
            job = ended(store, notify, now=time.time(), state=JobState.FAILED)
            records(store, job.id, look, 2)
            assert store.retry(job.id, time.time())
            assert store.request_cancel(job.id, time.time())
            records(store, job.id, look, 4)
    assert [mail["Subject"] for mail in box.mails] == ["Heuchera: failed", "Heuchera: cancelled"]
    assert [headers["webhook-id"][-7:] for headers, _ in receiver.came] == ["1_ended", "2_ended"]


def test_a_warning_is_told_once_for_each_day_of_expiry(store: Store) -> None:
    """Results that go soon are told of; again only when the day has changed."""
    with hook() as receiver, postman(store) as look:
        now = time.time()
        job = ended(store, {"webhook": receiver.url}, now=now)
        records(store, job.id, look)
        for number, days in enumerate((1, 1, 2)):
            store.set_expiry(job.id, now + days * 86_400, warned=True)
            records(store, job.id, look, 2 + number // 2)
    kinds = [b'"job.expiring"' in body for _, body in receiver.came]
    assert kinds == [False, True, True]


def test_channels_that_the_site_lacks_are_left_alone(store: Store) -> None:
    """A job that names a mail address is no trouble where no mail is sent."""
    with hook() as receiver, postman(store) as look:
        job = ended(store, {"email": "ada@example.org", "webhook": receiver.url}, now=time.time())
        (record,) = records(store, job.id, look)
    assert record["channel"] == "webhook"


def test_warnings_to_one_address_are_one_mail(store: Store) -> None:
    """Three jobs that expire are one mail, on record with each of them."""
    with mail_server() as box, postman(store, mail=server(box)) as look:
        now = time.time()
        jobs = [ended(store, {"email": "ada@example.org"}, now=now - 40 * 86_400) for _ in range(3)]
        for job in jobs:
            store.set_expiry(job.id, now + 86_400, warned=True)
        for job in jobs:
            (record,) = records(store, job.id, look)
            assert (record["about"], record["delivered"]) == ("expiring", True)
    assert [mail["Subject"].partition(" jobs")[0] for mail in box.mails] == ["Results of 3"]


def test_a_mailbox_is_not_flooded(store: Store) -> None:
    """More than so many mails in an hour wait; another address gets its own."""
    with mail_server() as box, postman(store, mail={**server(box), "per_hour": 2}) as look:
        jobs = [ended(store, {"email": "ada@example.org"}, now=time.time()) for _ in range(4)]
        other = ended(store, {"email": "ben@example.org"}, now=time.time())
        records(store, other.id, look)
        for _ in range(20):
            look()
            time.sleep(0.02)
    assert sorted(mail["To"] for mail in box.mails) == ["ada@example.org", "ada@example.org", "ben@example.org"]
    assert sum(len(store.notices(job.id)) for job in jobs) == 2


def test_an_hour_later_the_next_mails_go() -> None:
    """An address is counted by the hour that passes, however it is written."""
    postage = Postage(2)
    taken = [postage.take(to, now) for to, now in (("a@b", 0), ("A@b", 10), ("a@b", 20), ("c@d", 20))]
    assert taken == [True, True, False, True]
    assert [postage.take("a@b", now) for now in (3599, 3601, 3602, 3611)] == [False, True, False, True]


def test_a_slow_receiver_keeps_nobody_waiting(store: Store) -> None:
    """While one receiver does not answer to many notices, another gets its own at once."""
    silent = socket.create_server(("127.0.0.1", 0), backlog=50)
    with silent, hook() as receiver, postman(store, timeout_seconds=5) as look:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        for _ in range(12):
            ended(store, {"webhook": url}, now=time.time())
        job = ended(store, {"webhook": receiver.url}, now=time.time())
        began = time.monotonic()
        records(store, job.id, look)
        took = time.monotonic() - began
    print(f"told beside a silent receiver in {took:.2f} s")
    assert took < 4
