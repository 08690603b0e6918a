"""`lmsvc workflows` and `lmsvc new`."""

import json
from pathlib import Path

from tests.cli.conftest import Commands


def test_workflows_are_listed_and_one_is_shown(lmsvc: Commands) -> None:
    """The list names them all; one is shown with its parameters, types and defaults; a tool is one too."""
    assert "richness_significance" in lmsvc("workflows").out
    shown = lmsvc("workflows", "richness").out
    assert [line.split()[1:3] for line in shown.splitlines() if line.startswith("layers ")] == [["files", "required"]]
    assert "Map the number of species" in shown
    assert json.loads(lmsvc("workflows", "echo_text", "--json").out)["name"] == "tool/echo_text"
    assert lmsvc("workflows", "nothing").code == 4


def test_new_uploads_files_and_prints_a_document(lmsvc: Commands) -> None:
    """Paths become uploads with labels, sets of files stay sets, numbers are numbers."""
    for name in ("points.csv", "rain.tif", "heat.tif"):
        Path(name).write_text(name)
    words = ["occurrences=points.csv", "layers=rain.tif", "layers=heat.tif", "scenarios=rain.tif,heat.tif", "seed=7"]
    ran = lmsvc("new", "model_species", *(part for word in words for part in ("-p", word)))
    assert ran.code == 0, ran.err
    document = json.loads(ran.out)
    assert [file["label"] for file in document["inputs"]["layers"]] == ["rain", "heat"]
    assert document["inputs"]["scenario_1"] == document["inputs"]["layers"]
    assert document["steps"]["model"]["in"]["seed"] == {"value": 7}


def test_new_submits(lmsvc: Commands) -> None:
    """With --submit the job's id is printed; parameters may come from a file, and options win over it."""
    Path("given.json").write_text('{"text": "from the file", "job_name": "named there"}')
    ran = lmsvc("new", "echo_text", "--parameters", "given.json", "-p", "text=from the option", "--submit")
    job = lmsvc.site.store.job(ran.out.strip())
    assert job is not None
    assert job.name == "named there"
    assert job.document["steps"]["echo_text"]["in"] == {"text": {"value": "from the option"}}


def test_new_says_what_is_wrong(lmsvc: Commands) -> None:
    """Faults of parameters are told with their names; wrong types, missing files and half options before asking."""
    ran = lmsvc("new", "model_species", "-p", "min_points=1")
    assert ran.code == 2
    assert "/occurrences" in ran.err and "/min_points" in ran.err
    for word, told in (
        ("min_points=few", "not of type integer"),
        ("layers=none.tif", "no file"),
        ("seed", "NAME=VALUE"),
    ):
        ran = lmsvc("new", "model_species", "-p", word)
        assert (ran.code, told in ran.err) == (2, True), ran.err
