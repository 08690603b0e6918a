"""The shipped workflows: every one makes a valid document, whatever of it is left out."""

import json
from pathlib import Path

import jsonschema
import pytest

from lmsvc.jobs.faults import DocumentError
from lmsvc.registry import RegistryError
from lmsvc.workflows.checking import document_of
from lmsvc.workflows.loading import load_workflows
from lmsvc.workflows.of_tool import workflow_of_tool
from lmsvc.workflows.schema import parameters_schema
from tests.workflows.given import BOX, CONTEXT, WORKFLOWS, everything, least, something, upload

NAMES = sorted(WORKFLOWS)
SMALL = """
name: {name}
{more}title: Say it
doc: Says it.
parameters: {{text: {{title: Text, required: true}}}}
document: {{steps: {{say: {{run: echo_text, in: {{text: {{value: "${{text}}"}}}}}}}}, outputs: [say/text]}}
"""


@pytest.mark.parametrize("name", NAMES)
def test_a_workflow_needs_little_and_takes_all(name: str) -> None:
    """With only what must be given, and with everything, the document is valid and every output of it is there."""
    for given in (least(name), everything(name)):
        made = document_of(WORKFLOWS[name], given, CONTEXT)
        assert made["template"] == {"name": name, "parameters": given}
        assert made["steps"]


@pytest.mark.parametrize("name", NAMES)
def test_each_parameter_may_be_left_out_or_added(name: str) -> None:
    """The document stays valid with any one optional parameter more than the least, and it changes the document."""
    base = document_of(WORKFLOWS[name], least(name), CONTEXT)
    for key, parameter in WORKFLOWS[name].parameters.items():
        if parameter.required or parameter.default is not None or key.startswith("job_"):
            continue
        box = BOX if key in BOX else {}
        more = document_of(WORKFLOWS[name], {**least(name), key: something(name, key), **box}, CONTEXT)
        assert more["steps"] != base["steps"], f"{key} changes nothing"


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_is_used(name: str) -> None:
    """No parameter of a form is without effect on the document."""
    pattern = WORKFLOWS[name].document.model_dump_json()
    own = [key for key in WORKFLOWS[name].parameters if not key.startswith("job_")]
    unused = [key for key in own if f"${{{key}}}" not in pattern]
    assert unused == []


@pytest.mark.parametrize("name", NAMES)
def test_a_job_has_tags_a_licence_and_somebody_to_tell(name: str) -> None:
    """What is asked of every job gets into the document, and what is wrong with it is told of the parameter."""
    given = {**least(name), "job_tags": ["paper"], "job_licence": "CC0-1.0", "job_email": "ada@example.org"}
    made = document_of(WORKFLOWS[name], given, CONTEXT)
    assert (made["tags"], made["licence"], made["notify"]) == (["paper"], "CC0-1.0", {"email": "ada@example.org"})
    assert not {"tags", "licence", "notify"} & set(document_of(WORKFLOWS[name], least(name), CONTEXT))
    with pytest.raises(DocumentError) as caught:
        document_of(WORKFLOWS[name], {**least(name), "job_tags": [""], "job_webhook": "nowhere"}, CONTEXT)
    assert {fault.pointer for fault in caught.value.faults} == {"/job_tags", "/job_webhook"}


@pytest.mark.parametrize("name", NAMES)
def test_the_schema_accepts_what_the_check_accepts(name: str) -> None:
    """The published JSON Schema is one, takes good parameters, and refuses others as our own check does."""
    schema = parameters_schema(WORKFLOWS[name])
    jsonschema.Draft202012Validator.check_schema(schema)
    checker = jsonschema.Draft202012Validator(schema)
    for given in (least(name), everything(name)):
        assert list(checker.iter_errors(given)) == []
    for wrong in ({**least(name), "nonsense": 1}, {**least(name), "occurrences": 3}, {}):
        assert not checker.is_valid(wrong)
        with pytest.raises(DocumentError):
            document_of(WORKFLOWS[name], wrong, CONTEXT)


def test_every_fault_of_the_parameters_is_named_at_its_place() -> None:
    """Unknown names, missing files, wrong types, numbers out of bounds and half a box are told all at once."""
    given = {
        "layers": [{"upload": 3}],
        "min_points": 1,
        "engine": "magic",
        "seed": 1.5,
        "min_x": 0,
        "min_y": "south",
        "engin": "elapid",
        "scenarios": "none",
    }
    with pytest.raises(DocumentError) as caught:
        document_of(WORKFLOWS["model_species"], given, CONTEXT)
    told = {fault.pointer: fault.detail for fault in caught.value.faults}
    assert set(told) == {
        *("/occurrences", "/layers/0/upload", "/min_points", "/engine", "/seed", "/min_y", "/engin", "/scenarios"),
        *("/max_x", "/max_y"),
    }
    assert told["/occurrences"] == "this is needed"
    assert "did you mean 'engine'?" in told["/engin"]


def test_what_the_document_does_not_like_is_told_of_the_parameter() -> None:
    """A fault that only the whole document shows is told with a pointer to the parameter it comes from."""
    small = CONTEXT.limits.__class__(items=50)
    context = CONTEXT.__class__(tools=CONTEXT.tools, limits=small)
    tool = workflow_of_tool(CONTEXT.tools["create_point_heatmap"])
    with pytest.raises(DocumentError, match="more than 50"):
        document_of(tool, {"points": [upload(number) for number in range(51)]}, context)
    unknown = CONTEXT.__class__(tools=CONTEXT.tools, uploads=lambda _: False)
    with pytest.raises(DocumentError) as caught:
        document_of(tool, {"points": upload(1)}, unknown)
    assert [fault.pointer for fault in caught.value.faults] == ["/points/upload"]


@pytest.mark.parametrize("tool", sorted(CONTEXT.tools))
def test_every_tool_has_a_form(tool: str) -> None:
    """A tool alone makes a valid document of what it needs, once, or once for each of several files."""
    workflow = workflow_of_tool(CONTEXT.tools[tool])
    given: dict[str, object] = {}
    for key, parameter in workflow.parameters.items():
        if parameter.required and parameter.default is None:
            files: object = [upload(1), upload(2)]
            given[key] = files if parameter.is_file else {"number": 1.0, "integer": 1}.get(parameter.type, "a text")
    made = document_of(workflow, given, CONTEXT)
    each = [key for key, parameter in workflow.parameters.items() if parameter.each]
    scatter = made["steps"][tool].get("scatter", [])
    assert ([scatter] if isinstance(scatter, str) else scatter) == each
    once = {key: upload(1) if key in each else value for key, value in given.items()}
    assert "scatter" not in document_of(workflow, once, CONTEXT)["steps"][tool]


def test_a_site_adds_workflows_and_extends_shipped_ones(tmp_path: Path) -> None:
    """Descriptions of a directory are read in order, may extend others, and win over those of the same name."""
    (tmp_path / "1.yaml").write_text(SMALL.format(name="say", more=""))
    (tmp_path / "2.yaml").write_text(SMALL.format(name="say_more", more="extends: say\n").replace("Text,", "More,"))
    found = load_workflows([tmp_path])
    assert list(found) == ["say", "say_more"]
    made = document_of(found["say_more"], {"text": "${job_name} stays text"}, CONTEXT)
    assert made["steps"]["say"]["in"] == {"text": {"value": "${job_name} stays text"}}
    assert json.dumps(parameters_schema(found["say_more"])).count('"More"') == 1


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("extends: nothing\n", "there is no workflow 'nothing'"),
        ("extends: say\n", "in a circle"),
        ("together: [[a, b]]\n", "names the parameter 'a'"),
        ("colour: red\n", "/colour: unknown field"),
        ("title: again\n", "stands here twice"),
    ],
)
def test_a_faulty_description_says_what_is_wrong(more: str, told: str, tmp_path: Path) -> None:
    """A workflow that cannot be used is refused with its file and the reason."""
    (tmp_path / "1.yaml").write_text(SMALL.format(name="say", more=more))
    with pytest.raises(RegistryError, match=r"1\.yaml") as caught:
        load_workflows([tmp_path])
    assert told in str(caught.value)
