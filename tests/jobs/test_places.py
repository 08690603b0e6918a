"""Lines of a JSON text by pointers."""

import json

from hypothesis import given
from hypothesis import strategies as st

from lmsvc.jobs.faults import join
from lmsvc.jobs.places import line_of, lines_of

JSON: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


def _pointers(value: object, at: str = "") -> list[str]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(pointer for name, part in parts for pointer in _pointers(part, join(at, name)))]


@given(JSON)
def test_every_value_has_its_line(value: object) -> None:
    """In a text with a value a line, each pointer leads to a line of its own, in the order of the text."""
    lines = lines_of(json.dumps(value, indent=1))
    assert list(lines) == _pointers(value)
    numbers = list(lines.values())
    assert numbers == sorted(numbers)
    assert len(set(numbers)) == len(numbers)


def test_a_member_is_where_its_name_is() -> None:
    """Names with slashes, several members in a line, and values on the line after their name."""
    lines = lines_of('{"a/b": 1, "c":\n[2,\n"{,]"]}')
    assert lines == {"": 1, "/a~1b": 1, "/c": 1, "/c/0": 2, "/c/1": 3}


def test_what_is_missing_is_shown_at_what_it_is_missing_in() -> None:
    """A pointer to nothing leads to the nearest place around it, and to the first line at worst."""
    lines = lines_of('{\n"steps": {\n"a": {}}}')
    assert (line_of("/steps/a/in/points", lines), line_of("/nothing", lines), line_of("", {})) == (3, 1, 1)


@given(st.text(alphabet='{}[]",: \n\\a1', max_size=40))
def test_any_text_can_be_asked_about(text: str) -> None:
    """Text that is no JSON gives lines that are in it, and no error."""
    assert all(1 <= line <= text.count("\n") + 1 for line in lines_of(text).values())
