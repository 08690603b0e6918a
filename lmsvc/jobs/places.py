"""Where in a JSON text a pointer points to, so that a fault can be shown at its line."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from lmsvc.jobs.faults import join

_TOKEN: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+|"')


@dataclass
class _Frame:
    """An object or list that is open: where it is, and the name or index of the member that comes."""

    pointer: str
    is_object: bool
    name: str | None = None
    index: int = 0

    @property
    def awaits_name(self) -> bool:
        return self.is_object and self.name is None

    @property
    def member(self) -> str:
        return join(self.pointer, self.name or "") if self.is_object else join(self.pointer, self.index)

    def go_on(self) -> None:
        self.name = None
        self.index += 1


class _Reading:
    def __init__(self) -> None:
        self.places: dict[str, int] = {}
        self._frames: list[_Frame] = []

    def take(self, token: str, line: int) -> None:
        top = self._frames[-1] if self._frames else None
        if token in "}]":
            del self._frames[-1:]
        elif token == "," and top:
            top.go_on()
        elif top and top.awaits_name and token.startswith('"'):
            top.name = _read(token)
            self.places.setdefault(top.member, line)
        elif token not in ",:":
            self._value(token, line, top.member if top else "")

    def _value(self, token: str, line: int, pointer: str) -> None:
        self.places.setdefault(pointer, line)
        if token in "{[":
            self._frames.append(_Frame(pointer, token == "{"))


def lines_of(text: str) -> Mapping[str, int]:
    """Return the line, from 1, of each value of a JSON text by its pointer: that of its name where it has one.

    A text that is not JSON gives what can be made out of it.
    """
    reading = _Reading()
    for token, line in _tokens(text):
        reading.take(token, line)
    return reading.places


def line_of(pointer: str, places: Mapping[str, int]) -> int:
    """Return the line of the value at a pointer, or of the nearest one around it that is there; 1 at worst."""
    while pointer and pointer not in places:
        pointer = pointer.rpartition("/")[0]
    return places.get(pointer, 1)


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    line, seen = 1, 0
    for found in _TOKEN.finditer(text):
        line += text.count("\n", seen, found.start())
        seen = found.start()
        yield found[0], line


def _read(token: str) -> str:
    try:
        return str(json.loads(token, strict=False))
    except json.JSONDecodeError:
        return token
