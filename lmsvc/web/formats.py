"""How pages write times, sizes, states and progress."""

import time
from datetime import UTC, datetime

from flask import Flask

from lmsvc.web.bodies import Progress

BAR_WIDTH = 1000
NOTHING = "\N{EN DASH}"
NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"
PARTS = ("done", "skipped", "failed", "running")


def moment(value: datetime | float | None) -> str:
    """Return a time as `2026-11-21 06:11:57 UTC`."""
    if value is None:
        return NOTHING
    at = datetime.fromtimestamp(value, UTC) if isinstance(value, (int, float)) else value
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def duration(seconds: float | None) -> str:
    """Return seconds as `4.1 s`, `3 min 05 s`, `2 h 07 min` or `3 d 04 h`."""
    if seconds is None:
        return NOTHING
    seconds = max(0.0, seconds)
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours < 48 else f"{hours // 24} d {hours % 24:02} h"


def roughly(seconds: float) -> str:
    """Return predicted seconds as nobody would take for exact: `a few seconds`, `40 s`, `12 min`, `3 h`."""
    if seconds < 10:
        return "a few seconds"
    if seconds < 90:
        return f"{round(seconds, -1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.0f} h"


def since(value: datetime | float | None, until: datetime | float | None = None) -> str:
    """Return the time from one moment to another, or to now."""
    begin, end = _seconds(value), _seconds(until)
    return duration(None if begin is None else (time.time() if end is None else end) - begin)


def iso(value: datetime | float) -> str:
    """Return a time as RFC 3339 has it, for programs."""
    at = datetime.fromtimestamp(value, UTC) if isinstance(value, (int, float)) else value
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def epoch(value: datetime | float) -> float:
    """Return a time as seconds since 1970."""
    return value.timestamp() if isinstance(value, datetime) else value


def _seconds(value: datetime | float | None) -> float | None:
    return value.timestamp() if isinstance(value, datetime) else value


def size(count: int) -> str:
    """Return bytes as `812 B`, `4.1 kB`, `3.2 MB` or `1.0 GB`."""
    amount = float(count)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def grouped(number: int) -> str:
    """Return a number of things as it reads best: `812`, `9999`, `98 765` with a narrow space between thousands."""
    return str(number) if abs(number) < 10_000 else f"{number:,}".replace(",", NARROW_SPACE)


def bar(progress: Progress) -> list[tuple[str, int, int]]:
    """Return the parts of a progress bar as (state, start, width), `BAR_WIDTH` being the whole."""
    known = sum(getattr(progress, part) for part in PARTS) + progress.waiting
    whole = max(progress.total or 0, known)
    parts, begin = [], 0
    for part in PARTS:
        width = round(BAR_WIDTH * getattr(progress, part) / whole) if whole else 0
        parts.append((part, begin, min(width, BAR_WIDTH - begin)))
        begin += width
    return [part for part in parts if part[2] > 0]


def install(app: Flask) -> None:
    """Let templates use these."""
    for form in (moment, duration, roughly, since, iso, epoch, size, grouped, bar):
        app.template_filter(form.__name__)(form)
