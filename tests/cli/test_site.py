"""``lmsvc tools``, ``datasets``, ``pools``, ``openapi`` against a real web service."""

import json

from tests.cli.conftest import Commands


def test_tools_are_listed_and_one_is_described(lmsvc: Commands) -> None:
    """The list has the tool with its category; the single page has inputs and outputs with types."""
    assert "echo_text" in lmsvc("tools").out
    described = lmsvc("tools", "create_sdm").out
    assert "min_points" in described
    assert "File[]" in described
    assert lmsvc("tools", "no_such").code == 4


def test_a_site_without_datasets_says_so(lmsvc: Commands) -> None:
    """An empty list is a sentence for people and an empty array for programs."""
    assert "no datasets" in lmsvc("datasets").out
    assert json.loads(lmsvc("datasets", "--json").out) == []


def test_pools_are_listed_with_their_slots(lmsvc: Commands) -> None:
    """The default pool serves every category."""
    assert "default  *" in lmsvc("pools").out


def test_openapi_is_printed(lmsvc: Commands) -> None:
    """The document is valid JSON of OpenAPI 3.1."""
    assert json.loads(lmsvc("openapi").out)["openapi"].startswith("3.1")
