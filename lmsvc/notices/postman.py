"""Goes around with the notices: finds what is to be told, tells it, tries again where that did not work.

What came of a notice in the end is an event of its job, which is also how a postman that starts knows what is done. A
crash between telling and writing that down tells again, with the same id.
"""

import contextlib
import logging
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from lmsvc.notices import mail, webhook
from lmsvc.notices.notice import About, Notice, payload
from lmsvc.notices.outcome import Outcome
from lmsvc.notices.secrets import user_secret
from lmsvc.settings import Settings
from lmsvc.store.errors import StoreError, UnknownJob
from lmsvc.store.notices import NOTICE_EVENT
from lmsvc.store.records import JobHead
from lmsvc.store.store import Store

CARRIERS = 4
"""Notices under way at a time: a receiver that is slow keeps few others waiting."""
GROWTH = 3.0
LONGEST_PAUSE_SECONDS = 4 * 3600.0
_HOUR = 3600.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Errand:
    """One notice to one receiver."""

    notice: Notice
    channel: str
    to: str

    @property
    def key(self) -> tuple[str, str]:
        """What makes it different from every other errand."""
        return self.notice.id, self.channel


@dataclass
class _Tries:
    first: float
    due: float
    made: int = 0
    under_way: bool = False


class Postman:
    """Tells what is to be told; one controller's postman looks around at a time."""

    def __init__(self, settings: Settings, store: Store, key: Callable[[], bytes]) -> None:
        """Know nothing of what was told.

        Args:
            settings: which channels there are, and how patient to be.
            store: knows the jobs and is told what came of notices.
            key: gives the site's key, see `site_key`.
        """
        self._settings = settings
        self._store = store
        self._key = key
        self._tries: dict[tuple[str, str], _Tries] = {}
        self._settled: dict[str, set[tuple[str, str]]] = {}
        self._lock = threading.Lock()
        self._executor = ThreadPoolExecutor(CARRIERS, "postman")

    def stop(self) -> None:
        """Begin nothing more."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def look(self, now: float) -> None:
        """Begin every errand that is due."""
        if not self._settings.notices.channels:
            return
        since = now - 2 * self._settings.notices.give_up_hours * _HOUR - LONGEST_PAUSE_SECONDS
        jobs = self._store.to_tell(since, now)
        self._learn(jobs)
        for job in jobs:
            for errand in self._errands(job, since):
                self._begin(errand, now)

    def _learn(self, jobs: Iterable[JobHead]) -> None:
        """Read once what was told of a job before this postman came; forget jobs of which nothing is to be told."""
        there = {job.id for job in jobs}
        new = {job_id: _told(self._store.notices(job_id)) for job_id in there - self._settled.keys()}
        with self._lock:
            kept = {job_id: keys for job_id, keys in self._settled.items() if job_id in there}
            self._settled = {**kept, **new}

    def _errands(self, job: JobHead, since: float) -> Iterator[Errand]:
        for channel, to in (job.notify or {}).items():
            if to and channel in self._settings.notices.channels:
                for about in _matters(job, since):
                    yield Errand(Notice(job, about, self._settings.public_url), channel, to)

    def _begin(self, errand: Errand, now: float) -> None:
        """Send a carrier with an errand, unless it is settled, under way or not due yet."""
        with self._lock:
            if errand.key in self._settled.get(errand.notice.job.id, ()):
                return
            tries = self._tries.setdefault(errand.key, _Tries(now, now))
            if tries.under_way or tries.due > now:
                return
            tries.under_way = True
        self._executor.submit(self._run, errand)

    def _run(self, errand: Errand) -> None:
        try:
            outcome = self._tell(errand)
        except Exception as error:
            log.exception("notice %s", errand.key)
            outcome = Outcome(False, f"the service met a fault of its own ({type(error).__name__})")
        try:
            self._note(errand, outcome, time.time())
        except StoreError as error:
            log.warning("notice %s: %s", errand.key, error)
            self._tries[errand.key].under_way = False

    def _tell(self, errand: Errand) -> Outcome:
        settings, notice = self._settings.notices, errand.notice
        if errand.channel == "email":
            message = mail.mail(notice, errand.to, settings.mail.sender)
            return mail.send(message, settings.mail, settings.timeout_seconds)
        secret = user_secret(self._key(), notice.job.user)
        message_out = webhook.Message(notice.id, payload(notice))
        seconds, private = settings.timeout_seconds, settings.private_addresses
        return webhook.send(errand.to, message_out, secret, seconds=seconds, private=private)

    def _note(self, errand: Errand, outcome: Outcome, now: float) -> None:
        """Write down what came of it in the end, or when it is tried again."""
        tries = self._tries[errand.key]
        tries.made += 1
        log.info("notice %s, try %d: %s", errand.key, tries.made, outcome.detail)
        given_up = outcome.final or now - tries.first > self._settings.notices.give_up_hours * _HOUR
        if outcome.delivered or given_up:
            self._settle(errand, outcome, tries.made, now)
        else:
            pause = pause_after(tries.made, self._settings.notices.first_pause_seconds)
            tries.due = now + max(pause, outcome.pause_seconds)
            tries.under_way = False

    def _settle(self, errand: Errand, outcome: Outcome, made: int, now: float) -> None:
        job = errand.notice.job
        data = {"id": errand.notice.id, "about": errand.notice.about, "channel": errand.channel, "tries": made}
        data |= {"delivered": outcome.delivered, "detail": outcome.detail}
        with contextlib.suppress(UnknownJob):
            self._store.append_event(job.id, NOTICE_EVENT, data, now)
        with self._lock:
            self._settled.setdefault(job.id, set()).add(errand.key)
            self._tries.pop(errand.key, None)


def pause_after(tries: int, first_seconds: float) -> float:
    """Return how long to wait after so many tries: three times longer each time, a little more or less."""
    pause = first_seconds * GROWTH ** min(tries - 1, 20)
    return min(pause, LONGEST_PAUSE_SECONDS) * random.uniform(0.8, 1.2)


def _told(notices: Iterable[Mapping[str, Any]]) -> set[tuple[str, str]]:
    return {(told["id"], told["channel"]) for told in notices}


def _matters(job: JobHead, since: float) -> Iterator[About]:
    if job.ended is not None and job.ended >= since:
        yield "ended"
    if job.expiry_warned:
        yield "expiring"
