"""What happened to a job, each event as a sentence."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lmsvc.store.records import Event

MOST_EVENTS = 200


@dataclass(frozen=True)
class Happening:
    """Something that happened: when, epoch seconds, and what, in words."""

    time: float
    said: str


def happenings(events: Sequence[Event]) -> list[Happening]:
    """Return what happened, the latest first."""
    return [Happening(event.time, _said(event)) for event in reversed(events)]


def _said(event: Event) -> str:
    words = _WORDS.get(event.kind)
    return words(event.data) if words else event.kind.replace("_", " ").capitalize()


def _state(data: Mapping[str, Any]) -> str:
    attempt = data.get("attempt", 1)
    return f"{str(data.get('state', '')).capitalize()}{f', attempt {attempt}' if attempt != 1 else ''}"


def _tags(data: Mapping[str, Any]) -> str:
    return f"Tags changed to: {', '.join(map(str, data.get('tags', ()))) or 'none'}"


def _notice(data: Mapping[str, Any]) -> str:
    how = "delivered" if data.get("delivered") else "not delivered"
    tries = data.get("tries", 1)
    return (
        f"Notice by {data.get('channel')} {how} after {tries} {'try' if tries == 1 else 'tries'}: {data.get('detail')}"
    )


_WORDS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "state": _state,
    "tags": _tags,
    "notice": _notice,
    "cancel_requested": lambda _: "Asked to end",
    "expiring": lambda data: f"Warned that its results are removed on {data.get('expires')}",
    "expired": lambda _: "Its results expired and were removed",
}
