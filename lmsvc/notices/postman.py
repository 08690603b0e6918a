"""Goes around with the notices: finds what is to be told, tells it, tries again where that did not work.

What came of a notice in the end is an event of its job, which is also how a postman that starts knows what is done. A
crash between telling and writing that down tells again, with the same id.
"""

import contextlib
import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from lmsvc.notices import mail, webhook
from lmsvc.notices.errands import Errand, Key, errands_of, together
from lmsvc.notices.notice import Notice, payload
from lmsvc.notices.outcome import Outcome
from lmsvc.notices.postage import Postage
from lmsvc.notices.secrets import user_secret
from lmsvc.settings import Settings
from lmsvc.store.errors import StoreError, UnknownJob
from lmsvc.store.notices import NOTICE_EVENT
from lmsvc.store.records import JobHead
from lmsvc.store.store import Store

CARRIERS, CARRIERS_PER_RECEIVER = 8, 2
"""Notices under way at a time, and to one receiver: one that is slow keeps nobody else waiting."""
GROWTH = 3.0
LONGEST_PAUSE_SECONDS = 4 * 3600.0
_HOUR = 3600.0

log = logging.getLogger(__name__)


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
        self._tries: dict[Key, _Tries] = {}
        self._settled: dict[str, set[Key]] = {}
        self._busy: Counter[str] = Counter()
        self._postage = Postage(settings.notices.mail.per_hour)
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
        channels, address = self._settings.notices.channels, self._settings.public_url
        errands = [errand for job in jobs for errand in errands_of(job, channels, since, address)]
        self._forget({key for errand in errands for key in errand.keys})
        for errand in together(errand for errand in errands if self._is_due(errand, now)):
            self._begin(errand, now)

    def _learn(self, jobs: Iterable[JobHead]) -> None:
        """Read once what was told of a job before this postman came; forget jobs of which nothing is to be told."""
        there = {job.id for job in jobs}
        new = {job_id: _told(self._store.notices(job_id)) for job_id in there - self._settled.keys()}
        with self._lock:
            kept = {job_id: keys for job_id, keys in self._settled.items() if job_id in there}
            self._settled = {**kept, **new}

    def _forget(self, there: set[Key]) -> None:
        """Forget tries of what is to be told no more: the job is gone, runs again, or it is too long ago."""
        with self._lock:
            self._tries = {key: it for key, it in self._tries.items() if key in there or it.under_way}

    def _is_due(self, errand: Errand, now: float) -> bool:
        (key,), (notice,) = errand.keys, errand.notices
        with self._lock:
            tries = self._tries.get(key, _Tries(now, now))
            return key not in self._settled.get(notice.job.id, ()) and not tries.under_way and tries.due <= now

    def _begin(self, errand: Errand, now: float) -> None:
        """Send a carrier, unless its receiver keeps enough of them busy or gets enough mail; then it is due later."""
        with self._lock:
            if self._busy[errand.receiver] >= CARRIERS_PER_RECEIVER:
                return
            if errand.channel == "email" and not self._postage.take(errand.to, now):
                return
            self._busy[errand.receiver] += 1
            for key in errand.keys:
                self._tries.setdefault(key, _Tries(now, now)).under_way = True
        self._executor.submit(self._run, errand)

    def _run(self, errand: Errand) -> None:
        try:
            outcome = self._tell(errand)
        except Exception as error:
            log.exception("notices %s", errand.keys)
            outcome = Outcome(False, f"the service met a fault of its own ({type(error).__name__})")
        log.info("notices %s: %s", errand.keys, outcome.detail)
        try:
            for key, notice in zip(errand.keys, errand.notices, strict=True):
                self._note(key, notice, outcome, time.time())
        finally:
            with self._lock:
                self._busy[errand.receiver] -= 1

    def _tell(self, errand: Errand) -> Outcome:
        settings, notice = self._settings.notices, errand.notices[0]
        if errand.channel == "email":
            message = mail.mail(errand.notices, errand.to, settings.mail.sender)
            return mail.send(message, settings.mail, settings.timeout_seconds)
        secret = user_secret(self._key(), notice.job.user)
        message_out = webhook.Message(notice.id, payload(notice))
        seconds, private = settings.timeout_seconds, settings.private_addresses
        return webhook.send(errand.to, message_out, secret, seconds=seconds, private=private)

    def _note(self, key: Key, notice: Notice, outcome: Outcome, now: float) -> None:
        """Write down what came of it in the end, or when it is tried again."""
        tries = self._tries[key]
        tries.made += 1
        given_up = outcome.final or now - tries.first > self._settings.notices.give_up_hours * _HOUR
        pause = pause_after(tries.made, self._settings.notices.first_pause_seconds)
        tries.due = now + max(pause, outcome.pause_seconds)
        if outcome.delivered or given_up:
            try:
                self._settle(key, notice, outcome, tries.made)
            except StoreError as error:
                log.warning("notice %s: %s", key, error)
        tries.under_way = False

    def _settle(self, key: Key, notice: Notice, outcome: Outcome, made: int) -> None:
        data = {"id": notice.id, "about": notice.about, "channel": key[1], "tries": made}
        data |= {"delivered": outcome.delivered, "detail": outcome.detail}
        with contextlib.suppress(UnknownJob):
            self._store.append_event(notice.job.id, NOTICE_EVENT, data, time.time())
        with self._lock:
            self._settled.setdefault(notice.job.id, set()).add(key)
            self._tries.pop(key, None)


def pause_after(tries: int, first_seconds: float) -> float:
    """Return how long to wait after so many tries: three times longer each time, a little more or less."""
    pause = first_seconds * GROWTH ** min(tries - 1, 20)
    return min(pause, LONGEST_PAUSE_SECONDS) * random.uniform(0.8, 1.2)


def _told(notices: Iterable[Mapping[str, Any]]) -> set[Key]:
    return {(told["id"], told["channel"]) for told in notices}
