"""Faults found in what a person wrote: where they are and what to do about them."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

_SHOWN: Final = 80


@dataclass(frozen=True, order=True)
class Fault:
    """One fault: an RFC 6901 JSON pointer to the place, and a sentence about it."""

    pointer: str
    detail: str


class DocumentError(Exception):
    """What was read cannot be used; `faults` has every fault found, in the order of the document's pointers."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        """Keep the faults, without repetitions."""
        self.faults: tuple[Fault, ...] = tuple(dict.fromkeys(faults))
        super().__init__("; ".join(f"{fault.pointer or '(document)'}: {fault.detail}" for fault in self.faults))


def join(pointer: str, *parts: str | int) -> str:
    """Return the JSON pointer to a place below another, with `~` and `/` in names escaped."""
    return pointer + "".join(f"/{_escaped(part)}" for part in parts)


def _escaped(part: str | int) -> str:
    return encodable(str(part)).replace("~", "~0").replace("/", "~1")


def encodable(text: str) -> str:
    """Return a text that UTF-8 can express (lone surrogates become escapes)."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def quoted(value: object) -> str:
    """Return a value as it is shown inside a sentence: short, on one line, in quotes where it is a text."""
    text = encodable(repr(value) if isinstance(value, str) else type(value).__name__)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...'"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the nearest known name, or nothing where none is near."""
    near = get_close_matches(name[:_SHOWN], known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """Return the sentence for a name that means nothing, with the nearest known one."""
    return f"unknown {kind} {quoted(name)}{did_you_mean(name, known)}"
