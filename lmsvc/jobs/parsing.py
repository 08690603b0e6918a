"""Strict JSON: what other programs might read differently, or could not store, is refused with its place."""

import json
import math
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from lmsvc.jobs.faults import DocumentError, Fault, join, quoted

_DEPTH: Final = 32
_LARGEST: Final = 2**63 - 1


class _Refused:
    """Stands where a number was that is not JSON's or too long."""

    def __init__(self, why: str) -> None:
        self.why = why


class _Object(dict[str, Any]):
    """An object that remembers the names that stood in it more than once."""

    repeated: tuple[str, ...] = ()


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    found = _Object(pairs)
    if len(found) < len(pairs):
        times = Counter(name for name, _ in pairs)
        found.repeated = tuple(name for name in found if times[name] > 1)
    return found


def _constant(text: str) -> _Refused:
    return _Refused(f"{text} is not a number in JSON")


def _whole(text: str) -> int | _Refused:
    return int(text) if len(text) <= len(str(_LARGEST)) + 1 else _Refused("the number is too large")


def parse_document(raw: bytes, depth: int = _DEPTH) -> object:
    """Read JSON text strictly.

    Args:
        raw: the text, in UTF-8.
        depth: levels of nesting that are allowed.

    Returns:
        The JSON value, with plain dicts and lists.

    Raises:
        DocumentError: not JSON, not UTF-8, a name twice in an object, NaN or infinity, too large a number, nesting
            too deep, or a text that cannot be stored.
    """
    try:
        data = json.loads(
            raw.decode("utf-8-sig"), object_pairs_hook=_object, parse_constant=_constant, parse_int=_whole
        )
    except UnicodeDecodeError as error:
        raise DocumentError([Fault("", f"the text is not UTF-8 (byte {error.start})")]) from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise DocumentError([Fault("", f"the text is not JSON: {error.msg}, {where}")]) from error
    except RecursionError as error:
        raise DocumentError([Fault("", f"nested more than {depth} levels deep")]) from error
    if faults := list(unusable(data, depth)):
        raise DocumentError(faults)
    return _plain(data)


def unusable(data: object, depth: int = _DEPTH) -> Iterator[Fault]:
    """Yield a fault for everything in a JSON value that cannot be used whatever it means."""
    waiting: list[tuple[str, object, int]] = [("", data, 0)]
    while waiting:
        at, value, level = waiting.pop()
        if level > depth:
            yield Fault(at, f"nested more than {depth} levels deep")
            continue
        yield from _unusable_here(at, value)
        waiting.extend(reversed([(place, part, level + 1) for place, part in _parts(at, value)]))


def _parts(at: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        yield from ((join(at, str(name)), part) for name, part in value.items())
    elif isinstance(value, list):
        yield from ((join(at, index), part) for index, part in enumerate(value))


def _unusable_here(at: str, value: object) -> Iterator[Fault]:
    match value:
        case str():
            yield from _unusable_text(at, value)
        case _Refused():
            yield Fault(at, value.why)
        case bool() | None:
            pass
        case float() if not math.isfinite(value):
            yield Fault(at, "the number is not finite")
        case int() if not -_LARGEST <= value <= _LARGEST:
            yield Fault(at, "the number is too large")
        case dict():
            yield from _unusable_names(at, value)
        case int() | float() | list():
            pass
        case _:
            yield Fault(at, f"{quoted(value)} is not a JSON value")


def _unusable_names(at: str, value: dict[Any, Any]) -> Iterator[Fault]:
    for name in getattr(value, "repeated", ()):
        yield Fault(join(at, name), "this name stands here more than once")
    for name in value:
        if isinstance(name, str):
            yield from _unusable_text(join(at, name), name)
        else:
            yield Fault(at, "names in an object must be texts")


def _unusable_text(at: str, text: str) -> Iterator[Fault]:
    if "\0" in text:
        yield Fault(at, "the character U+0000 cannot be used")
    if any("\ud800" <= character <= "\udfff" for character in text):
        yield Fault(at, "half of a surrogate pair is not a character")


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list) else value
