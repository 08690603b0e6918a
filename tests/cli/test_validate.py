"""``lmsvc validate``."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import run
from tests.web.site import ECHO


def test_a_valid_document_passes_without_a_service(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Local files need only exist; nothing is sent."""
    (tmp_path / "points.csv").write_text("species,x,y\n")
    (tmp_path / "job.json").write_text(json.dumps({**ECHO, "inputs": {"p": {"file": "points.csv"}}}))
    assert run(capsys, "validate", "job.json").code == 0


def test_all_faults_are_shown_with_their_places(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing local file and a wrong tool name are reported together, with the nearest name."""
    step = {"run": "echo_txt", "in": {"text": {"value": "x"}}}
    document = {**ECHO, "inputs": {"p": {"file": "no.csv"}}, "steps": {"say": step}}
    (tmp_path / "job.json").write_text(json.dumps(document))
    ran = run(capsys, "validate", "job.json")
    assert ran.code == 2
    assert "/inputs/p/file" in ran.err
    assert "/steps/say/run  unknown tool 'echo_txt'; did you mean 'echo_text'?" in ran.err


def test_json_lists_the_faults_for_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json the faults are on stdout, with the same exit code."""
    (tmp_path / "job.json").write_text('{"name": "n", "steps": {}, "outputs": []}')
    ran = run(capsys, "validate", "--json", "job.json")
    answer = json.loads(ran.out)
    assert (ran.code, answer["valid"]) == (2, False)
    assert {error["pointer"] for error in answer["errors"]} == {"/steps", "/outputs"}


def test_what_is_not_json_is_said_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A trailing comma is a fault of the document, not a traceback."""
    (tmp_path / "job.json").write_text('{"name": "n",}')
    ran = run(capsys, "validate", "job.json")
    assert ran.code == 2
    assert "Traceback" not in ran.err


def test_a_tool_directory_with_a_faulty_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A site's faulty tool description is reported by file and field."""
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "bad.yaml").write_text("class: CommandLineTool\n")
    (tmp_path / "lmsvc.toml").write_text(f'tool_dirs = ["{tmp_path}/tools"]\n')
    (tmp_path / "job.json").write_text(json.dumps(ECHO))
    ran = run(capsys, "validate", "job.json", "--config", "lmsvc.toml")
    assert ran.code == 2
    assert "bad.yaml: /baseCommand" in ran.err


def test_invalid_settings_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A setting of the wrong type is a usage error that names the setting."""
    (tmp_path / "job.json").write_text(json.dumps(ECHO))
    monkeypatch.setenv("LMSVC_PORT", "eighty")
    ran = run(capsys, "validate", "job.json")
    assert ran.code == 2
    assert "port: Input should be a valid integer" in ran.err
