"""The shipped descriptions."""

import pytest

from lmsvc.registry import load_tools
from tests.tools.running import DESCRIPTIONS, PROJECT, describe

NAMES = sorted(path.stem for path in DESCRIPTIONS.glob("*.yaml"))


def test_all_descriptions_load() -> None:
    """The registry reads every shipped description, and each is called as its file."""
    assert sorted(load_tools([DESCRIPTIONS])) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_description_has_its_program(name: str) -> None:
    """A description runs the program of its own name, and says what every input and output is."""
    description = describe(name)
    assert description["baseCommand"][-1] == f"lmsvc.tools.{name}"
    assert (PROJECT / "lmsvc" / "tools" / f"{name}.py").is_file()
    assert all(value["doc"] for kind in ("inputs", "outputs") for value in description[kind].values())
