"""Tool and dataset descriptions are read with every fault named by file and field."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lmsvc.jobs.faults import DocumentError
from lmsvc.jobs.tools import parse_tool
from lmsvc.jobs.types import TypeExpression
from lmsvc.registry import SHIPPED_TOOLS, RegistryError, load_datasets, load_tools

GOOD = """
cwlVersion: v1.2
class: CommandLineTool
id: count
label: Count things
category: stats
baseCommand: [wc]
arguments: [-l]
inputs:
  table: {type: File, inputBinding: {position: 1, prefix: --in}}
  mode: {type: {type: enum, symbols: [a, b]}, default: a}
  note: string?
outputs:
  lines: int
  report: {type: "File[]", outputBinding: {glob: "*.txt"}}
"""


def test_a_description_is_read() -> None:
    """Bindings, short forms, defaults and optional inputs mean what CWL means by them."""
    tool = parse_tool(yaml.safe_load(GOOD))
    assert [name for name, given in tool.inputs.items() if given.required] == ["table"]
    assert tool.inputs["table"].binding is not None
    assert tool.inputs["table"].binding.prefix == "--in"
    assert tool.outputs["report"].glob == "*.txt"
    assert tool.outputs["report"].type == TypeExpression(base="File", array=True)


def test_every_fault_of_a_description_is_named() -> None:
    """Faults in several fields of a description come together, each with its place."""
    broken = yaml.safe_load(GOOD)
    broken |= {"id": "Count", "categroy": "x", "inputs": {"a": {"type": "file"}, "b": {"type": "int", "default": "x"}}}
    broken["outputs"] = {"c": {"type": "File", "outputBinding": {"glob": "../x"}}}
    with pytest.raises(DocumentError) as caught:
        parse_tool(broken)
    pointers = {fault.pointer for fault in caught.value.faults}
    assert pointers == {"/id", "/categroy", "/inputs/a/type", "/inputs/b", "/outputs/c/outputBinding"}


def test_the_shipped_tools_are_good() -> None:
    """Every description that comes with the package is read, and its file is named after the tool."""
    tools = load_tools([SHIPPED_TOOLS])
    assert sorted(tools) == sorted(path.stem for path in SHIPPED_TOOLS.glob("*.yaml"))


def test_a_site_adds_and_replaces_tools(tmp_path: Path) -> None:
    """A later directory adds its tools, and wins where both describe one."""
    first, then = tmp_path / "first", tmp_path / "then"
    for directory, label in ((first, "One"), (then, "Two")):
        directory.mkdir()
        (directory / "count.yaml").write_text(GOOD.replace("Count things", label))
    (then / "other.yaml").write_text(GOOD.replace("id: count", "id: other"))
    tools = load_tools([first, then])
    assert {name: tool.label for name, tool in tools.items()} == {"count": "Two", "other": "Count things"}


def test_broken_files_are_named(tmp_path: Path) -> None:
    """All broken files of a directory are reported at once with file and field."""
    (tmp_path / "a.yaml").write_text(GOOD + "  lines: {type: int}\n")
    (tmp_path / "b.yaml").write_text("id: [")
    (tmp_path / "c.yaml").write_text("- 1")
    (tmp_path / "d.yaml").write_text(GOOD.replace("int", "integer"))
    (tmp_path / "e.yaml").write_bytes(b"\xff")
    (tmp_path / "f.yaml").write_text(GOOD)
    (tmp_path / "g.yaml").write_text(GOOD)
    with pytest.raises(RegistryError) as caught:
        load_tools([tmp_path, tmp_path / "none"])
    lines = str(caught.value).splitlines()
    names = [Path(line.split(":")[0]).name for line in lines]
    assert names == ["a.yaml", "b.yaml", "c.yaml", "d.yaml", "e.yaml", "g.yaml", "none"]
    assert "'lines' stands here twice" in lines[0]
    assert "/outputs/lines/type" in lines[3]


def test_datasets_are_found_beside_their_description(tmp_path: Path) -> None:
    """Relative paths of a dataset's files start at its description."""
    fields = {"name": "climate", "version": "1", "title": "C", "licence": "CC0", "citation": "S"}
    files = [{"layer": "bio1", "path": "x/bio1.tif", "sha256": "0" * 64, "size": 1}]
    (tmp_path / "climate.yaml").write_text(yaml.safe_dump({**fields, "files": files}))
    assert load_datasets([tmp_path])["climate"].file("bio1").path == str(tmp_path / "x/bio1.tif")
    (tmp_path / "climate.yaml").write_text(yaml.safe_dump({**fields, "files": files * 2}))
    with pytest.raises(RegistryError, match=r"climate\.yaml.*same layer name"):
        load_datasets([tmp_path])


TYPES = st.builds(
    TypeExpression,
    base=st.sampled_from(["File", "string", "int", "float", "boolean"]),
    array=st.booleans(),
    optional=st.booleans(),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda some: st.lists(some, max_size=2)
)


@given(TYPES)
def test_types_are_read_as_they_are_written(expression: TypeExpression) -> None:
    """The text of a type is read as that type."""
    assert TypeExpression.parse(str(expression)) == expression


@given(TYPES, TYPES, VALUES)
def test_a_wider_type_takes_every_value_of_a_narrower(
    one: TypeExpression, other: TypeExpression, value: bool | int | float | str | None
) -> None:
    """If a type takes another, it takes each of its values; every type takes itself."""
    assert one.takes(one)
    if one.takes(other) and other.takes_value(value):
        assert one.takes_value(value)
