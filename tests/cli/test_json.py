"""``--json`` of the commands that talk to a service, and what a shell completes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lmsvc.cli.root import CHAPTERS
from lmsvc.jobs.states import JobState
from tests.cli.conftest import Commands, run


def test_files_are_uploaded_by_themselves(lmsvc: Commands, tmp_path: Path) -> None:
    """Each file gives an object with its id; without --json a line with id and name."""
    for name in ("a.csv", "b ä.csv"):
        (tmp_path / name).write_text(f"{name}\n")
    stored = json.loads(lmsvc("upload", "a.csv", "b ä.csv", "--json").out)
    assert [each["name"] for each in stored] == ["a.csv", "b ä.csv"]
    assert lmsvc("upload", "b ä.csv").out == f"{stored[1]['id']}  b ä.csv\n"


def test_changes_tell_the_job_as_it_is_now(lmsvc: Commands) -> None:
    """Cancel and retry print the job, delete what is gone."""
    job_id = lmsvc.site.queued()
    assert json.loads(lmsvc("cancel", job_id, "--json").out)["state"] == "cancelled"
    assert json.loads(lmsvc("retry", job_id, "--json").out)["attempt"] == 2
    ended = lmsvc.site.ended(JobState.FAILED)
    assert json.loads(lmsvc("delete", ended, "--json").out) == {"deleted": ended}


def test_logs_and_downloads_say_what_they_gave(lmsvc: Commands, tmp_path: Path) -> None:
    """Text and its place for a log, file and size for a download."""
    job_id = lmsvc.site.ended()
    lmsvc.site.bundle(job_id, "say.1.0000", {0: ("out\n", "err\n")})
    lmsvc.site.package(job_id, b"0123456789")
    log = json.loads(lmsvc("logs", job_id, "say", "--item", "0", "--stdout", "--json").out)
    assert (log["job"], log["step"], log["item"], log["stream"]) == (job_id, "say", 0, "stdout")
    assert "out" in log["text"]
    told = json.loads(lmsvc("download", job_id, "-o", str(tmp_path), "--json").out)
    assert told == {"file": str(tmp_path / f"{job_id}.zip"), "size": 10}


def test_events_are_a_line_each(lmsvc: Commands) -> None:
    """One JSON object per line up to the end; for people a line with time, kind and facts."""
    job_id = lmsvc.site.ended()
    lines = [json.loads(line) for line in lmsvc("events", job_id, "--json").out.splitlines()]
    assert [line["id"] for line in lines if line["id"]] == list(range(1, 1 + sum(bool(line["id"]) for line in lines)))
    assert lines[-1]["kind"] == "end"
    assert any(line["kind"] == "status" and line["data"]["state"] == "succeeded" for line in lines)
    assert len(lmsvc("events", job_id).out.splitlines()) == sum(bool(line["id"]) for line in lines)


@pytest.mark.parametrize("words", [["tools"], ["tools", "echo_text"], ["datasets"], ["pools"], ["status"]])
def test_lists_are_json(lmsvc: Commands, words: list[str]) -> None:
    """What is listed for people is JSON for programs."""
    assert json.loads(lmsvc(*words, "--json").out) is not None


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_are_told_how_to_complete(capsys: pytest.CaptureFixture[str], shell: str) -> None:
    """The text names the program and the variable by which it is asked."""
    ran = run(capsys, "completion", shell)
    assert ran.code == 0
    assert "_LMSVC_COMPLETE" in ran.out


def test_a_shell_completes_commands_and_options() -> None:
    """Bash asks as the printed text tells it to: commands by their first letters, options of a command."""
    assert _completed("lmsvc st") == ["plain,status"]
    assert "plain,--timeout" in _completed("lmsvc submit --")
    assert len(_completed("lmsvc ")) == sum(len(chapter) for chapter in CHAPTERS.values())


def _completed(line: str) -> list[str]:
    words = line.split(" ")
    asked = {"_LMSVC_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    command = [sys.executable, "-m", "lmsvc.cli.main"]
    ran = subprocess.run(command, env={**os.environ, **asked}, capture_output=True, text=True, check=True)
    return ran.stdout.split()
