"""Says what is wrong with the shape of JSON data: pydantic's findings as faults."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from lmsvc.jobs.faults import Fault, join
from lmsvc.jobs.names import MAIL_ADDRESS, WEB_ADDRESS

_WORDS: Final = {
    "missing": "this field is missing",
    "extra_forbidden": "unknown field",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "string_type": "must be a text",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
}
_KEY: Final = "[key]"


def faults_of(error: ValidationError, at: str = "", *, tagged: bool = False) -> Iterator[Fault]:
    """Turn pydantic's errors into faults.

    Args:
        error: what pydantic found.
        at: the JSON pointer to the value that was validated.
        tagged: the value's type is a tagged union, so places begin with a tag that is not part of the document.
    """
    for detail in error.errors(include_url=False, include_context=True):
        place = detail["loc"][1:] if tagged else detail["loc"]
        yield Fault(join(at, *_document_place(place)), sentence(detail))


def _document_place(place: Sequence[str | int]) -> Sequence[str | int]:
    return place[:-1] if place and place[-1] == _KEY else place


def sentence(detail: ErrorDetails) -> str:
    """Return pydantic's finding in the words of a person who writes JSON."""
    context = detail.get("ctx", {})
    match detail["type"]:
        case "value_error":
            return str(context["error"])
        case "literal_error":
            return f"must be {context['expected']}"
        case "string_pattern_mismatch":
            return _about_pattern(str(context["pattern"]), is_key=_KEY in detail["loc"])
        case "too_short" | "too_long" | "string_too_short" | "string_too_long" as kind:
            return _about_length(kind, context)
        case kind:
            return _WORDS.get(kind, detail["msg"][0].lower() + detail["msg"][1:])


def _about_length(kind: str, context: Mapping[str, object]) -> str:
    """Return how many characters a text, or how many entries a list or an object must have."""
    bound, number = ("least", context["min_length"]) if kind.endswith("short") else ("most", context["max_length"])
    one, more = ("character", "characters") if kind.startswith("string") else ("entry", "entries")
    return f"must have at {bound} {number} {one if number == 1 else more}"


def _about_pattern(pattern: str, *, is_key: bool) -> str:
    if pattern == WEB_ADDRESS:
        return "must be an address that begins with http:// or https://"
    if pattern == MAIL_ADDRESS:
        return "must be a mail address, such as ada@example.org"
    if "/" in pattern:
        return "must be a reference: 'inputs/NAME' or 'STEP/OUTPUT'"
    if pattern == r"^[a-z][a-z0-9_]{0,63}$":
        kind = "this name" if is_key else "it"
        return f"{kind} must be lower-case letters, digits and _, starting with a letter, at most 64 characters"
    return f"must match {pattern}"
