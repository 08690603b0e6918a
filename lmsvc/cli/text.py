"""Text for people: columns, states, sizes, durations."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import click

COLOURS = {"succeeded": "green", "failed": "red", "cancelled": "yellow", "running": "blue", "queued": "cyan"}


def columns(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table with aligned columns; None is shown as a dash."""
    lines = [list(header), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    padded = ([cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in lines)
    return "\n".join("  ".join(line).rstrip() for line in padded)


def _cell(value: object) -> str:
    if value is None or value == "":
        return "-"
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def state_text(state: str) -> str:
    """Return the name of a job state in its colour."""
    return click.style(state, fg=COLOURS.get(state), bold=True)


def size_text(size: float) -> str:
    """Return a number of bytes with a unit, powers of 1000."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def duration_text(start: str | None, end: str | None) -> str:
    """Return the time between two RFC 3339 moments, up to now where the second is None, in words."""
    if start is None:
        return "-"
    last = datetime.fromisoformat(end) if end else datetime.now(UTC)
    seconds = max(0.0, (last - datetime.fromisoformat(start)).total_seconds())
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def moment_text(moment: str | None) -> str:
    """Return an RFC 3339 moment in local time."""
    return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S") if moment else "-"


def print_json(value: object) -> None:
    """Print JSON for programs."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_line(value: object) -> None:
    """Print JSON in one line, for programs that read one after the other as they come."""
    click.echo(json.dumps(value, ensure_ascii=False))
