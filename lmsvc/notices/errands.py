"""Errands of the postman: which notice goes to whom, and which go together."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from lmsvc.notices.notice import About, Notice
from lmsvc.store.records import JobHead

Key = tuple[str, str]
"""A notice's id and the channel by which it goes: settled once for each."""

MOST_TOGETHER = 100
"""Jobs that one mail tells of."""


@dataclass(frozen=True)
class Errand:
    """What goes to one receiver at once: one notice, or by mail several warnings."""

    notices: tuple[Notice, ...]
    channel: str
    to: str

    @property
    def keys(self) -> tuple[Key, ...]:
        """What is settled by it."""
        return tuple((notice.id, self.channel) for notice in self.notices)

    @property
    def receiver(self) -> str:
        """Whom it keeps busy: the host of a webhook, or the mail server."""
        return urlsplit(self.to).netloc if self.channel == "webhook" else ""


def errands_of(job: JobHead, channels: Collection[str], since: float, public_url: str) -> Iterator[Errand]:
    """Yield an errand for all there is to tell of a job.

    Args:
        job: the job.
        channels: those that the site has.
        since: epoch seconds; an end before it is told no more.
        public_url: address of the service, for links.
    """
    for channel, to in (job.notify or {}).items():
        if to and channel in channels:
            for about in _matters(job, since):
                yield Errand((Notice(job, about, public_url),), channel, to)


def _matters(job: JobHead, since: float) -> Iterator[About]:
    if job.ended is not None and job.ended >= since:
        yield "ended"
    if job.expiry_warned and job.expires is not None:
        yield "expiring"


def together(errands: Iterable[Errand]) -> list[Errand]:
    """Put warnings to one mail address into one mail, up to `MOST_TOGETHER`; leave everything else as it is."""
    alone, warnings = [], dict[str, list[Notice]]()
    for errand in errands:
        (notice,) = errand.notices
        if errand.channel == "email" and notice.about == "expiring":
            warnings.setdefault(errand.to, []).append(notice)
        else:
            alone.append(errand)
    parts = [
        (to, all_[at : at + MOST_TOGETHER])
        for to, all_ in warnings.items()
        for at in range(0, len(all_), MOST_TOGETHER)
    ]
    return [*alone, *(Errand(tuple(notices), "email", to) for to, notices in parts)]
