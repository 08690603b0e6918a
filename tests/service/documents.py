"""Job documents for tests."""

from collections.abc import Mapping, Sequence
from typing import Any

Document = dict[str, Any]


def echo(text: str = "hello", name: str = "echo") -> Document:
    """Return a job of one trivial step."""
    return {
        "name": name,
        "steps": {"say": {"run": "echo_text", "in": {"text": {"value": text}}}},
        "outputs": ["say/text"],
    }


def echo_all(texts: Sequence[str], **fields: object) -> Document:
    """Return a job that echoes each of some texts, and whose items are named by them."""
    return {
        "name": "echo all",
        "inputs": {"texts": {"value": list(texts)}},
        "steps": {"say": {"run": "echo_text", "scatter": "text", "in": {"text": "inputs/texts"}}},
        "outputs": ["say/text"],
        **fields,
    }


def sleep(inputs: Mapping[str, object], **fields: object) -> Document:
    """Return a job of one step that sleeps, fails or eats memory as told."""
    given = {name: {"value": value} for name, value in inputs.items()}
    return {
        "name": "sleep",
        "steps": {"nap": {"run": "sleep_seconds", "in": given}},
        "outputs": ["nap/text"],
        **fields,
    }


def sleep_each(input_name: str, values: Sequence[object], **fields: object) -> Document:
    """Return a job that sleeps once per value of one input; other inputs by ``more``."""
    more = fields.pop("more", {})
    assert isinstance(more, dict)
    given = {name: {"value": value} for name, value in more.items()}
    step = {"run": "sleep_seconds", "scatter": input_name, "in": {input_name: "inputs/values", **given}}
    return {
        "name": "sleep each",
        "inputs": {"values": {"value": list(values)}},
        "steps": {"nap": step},
        "outputs": ["nap/text"],
        **fields,
    }


def each_text(tool: str, texts: Sequence[str], **fields: object) -> Document:
    """Return a job that runs a tool of the input `text` and the output `text` on each of some texts."""
    return {
        "name": f"each {tool}",
        "inputs": {"texts": {"value": list(texts)}},
        "steps": {"each": {"run": tool, "scatter": "text", "in": {"text": "inputs/texts"}}},
        "outputs": ["each/text"],
        **fields,
    }


def one_text(tool: str, text: str, **fields: object) -> Document:
    """Return a job that runs such a tool once."""
    return {
        "name": f"one {tool}",
        "steps": {"one": {"run": tool, "in": {"text": {"value": text}}}},
        "outputs": ["one/text"],
        **fields,
    }
