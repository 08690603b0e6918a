"""What is told about a job: as JSON for programs, as a mail for people."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from lmsvc.jobs.states import JobState
from lmsvc.store.records import JobHead

About = Literal["ended", "expiring"]


@dataclass(frozen=True)
class Notice:
    """One thing to tell about a job.

    Attributes:
        job: the job as it is.
        about: that it is over, or that its results go soon.
        public_url: address of the service; empty where it is not known.
    """

    job: JobHead
    about: About
    public_url: str = ""

    @property
    def id(self) -> str:
        """The same for every try, and for no other notice: a later day of expiry is told anew."""
        when = f"_{self.job.expires:.0f}" if self.about == "expiring" else ""
        return f"msg_{self.job.id}_{self.job.attempt}_{self.about}{when}"

    @property
    def name(self) -> str:
        """The job's name in one line."""
        return " ".join(self.job.name.split())

    @property
    def kind(self) -> str:
        """The type of the event: `job.succeeded`, `job.failed`, `job.cancelled` or `job.expiring`."""
        return f"job.{self.job.state}" if self.about == "ended" else "job.expiring"

    @property
    def reason(self) -> str | None:
        """Why the job failed."""
        return str(self.job.error["reason"]) if self.job.error and self.job.error.get("reason") else None

    def address(self, below: str = "") -> str | None:
        """Return the address of the job's page, or of something below it; None where the service's is not known."""
        return f"{self.public_url.rstrip('/')}/jobs/{self.job.id}{below}" if self.public_url else None


def payload(notice: Notice) -> bytes:
    """Return a notice as the body of a webhook: JSON in UTF-8, in one line."""
    job = notice.job
    data: dict[str, Any] = {
        **{"id": job.id, "name": job.name, "user": job.user, "state": str(job.state), "attempt": job.attempt},
        **{name: _moment(getattr(job, name)) for name in ("submitted", "started", "ended", "expires")},
        "reason": notice.reason,
        "items": (job.summary or {}).get("items"),
        "url": notice.address(),
    }
    happened = job.ended if notice.about == "ended" else job.expires
    body = {"type": notice.kind, "timestamp": _moment(happened), "data": data}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def subject(notices: Sequence[Notice]) -> str:
    """Return the subject of a mail about one job, or about several whose results go soon, in one line."""
    notice = _first(notices)
    if len(notices) > 1:
        return f"Results of {len(notices)} jobs expire, the first on {_day(notice.job.expires)}"
    if notice.about == "expiring":
        return f"Results of {notice.name} expire on {_day(notice.job.expires)}"
    return f"{notice.name}: {notice.job.state}"


def text(notices: Sequence[Notice]) -> str:
    """Return the text of a mail."""
    if len(notices) > 1:
        lines = [*_warning(notices), "", "You get this mail because the jobs asked for it."]
    else:
        (notice,) = notices
        lines = [*_lines(notice), "", *_links(notice), "You get this mail because the job asked for it."]
    return "\n".join(lines) + "\n"


def _first(notices: Sequence[Notice]) -> Notice:
    return min(notices, key=lambda notice: notice.job.expires or 0.0)


def _warning(notices: Sequence[Notice]) -> Iterator[str]:
    yield "The results of these jobs of yours are kept until the days named and then removed."
    yield "Download their packages before if you need them any longer."
    for notice in sorted(notices, key=lambda notice: (notice.job.expires or 0.0, notice.job.seq)):
        yield ""
        yield f"{_day(notice.job.expires)}  {notice.name} ({notice.job.id})"
        yield from filter(None, [notice.address()])


def _lines(notice: Notice) -> Iterator[str]:
    job = notice.job
    if notice.about == "expiring":
        yield f"The results of your job {notice.name} ({job.id}) are kept until {_day(job.expires)} and then removed."
        yield "Download its package before that day if you need them any longer."
        return
    took = "" if job.started is None or job.ended is None else f" after {_duration(job.ended - job.started)}"
    yield f"Your job {notice.name} ({job.id}) {_WORDS[job.state]}{took}."
    if notice.reason:
        yield f"Reason: {notice.reason}"
    if counts := (job.summary or {}).get("items"):
        yield "Items: " + ", ".join(f"{number} {state.replace('_', ' ')}" for state, number in counts.items() if number)
    if job.expires is not None:
        yield f"Its results are kept until {_day(job.expires)}."


_WORDS = {
    JobState.SUCCEEDED: "succeeded",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "was cancelled",
    JobState.QUEUED: "waits",
    JobState.RUNNING: "runs",
}


def _links(notice: Notice) -> Iterator[str]:
    if page := notice.address():
        yield from (page, "")


def _moment(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _day(seconds: float | None) -> str:
    return "?" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
