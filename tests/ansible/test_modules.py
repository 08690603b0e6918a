"""The modules that take the place of many small tasks, run on this machine."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from plugins.modules.package_names import installed
from plugins.modules.start_units import states
from tests.ansible.tree import ROOT

SYSTEMCTL = """#!/bin/sh
echo "$@" >>"$LOG"
[ "$1" = show ] || exit 0
printf 'ActiveState=active\\nUnitFileState=enabled\\n\\nActiveState=failed\\nUnitFileState=disabled\\n'
"""


def ran(module: str, options: dict[str, Any], check: bool = False, **environment: str) -> dict[str, Any]:
    """Run a module as a host does and return its answer."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "plugins" / "modules" / f"{module}.py")],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": options | {"_ansible_check_mode": check}}),
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return dict(json.loads(done.stdout))


def options(directory: Path) -> dict[str, Any]:
    """Return one directory and two files, one of them with a check that wants the word good."""
    return {
        "directories": [{"path": str(directory / "data"), "mode": "0750"}],
        "files": [
            {"path": str(directory / "above" / "unit"), "content": "[Unit]\n"},
            {"path": str(directory / "key"), "content": "good\r\n", "mode": "0600", "validate": "grep -q good %s"},
        ],
    }


def test_files_and_directories_are_placed_once(tmp_path: Path) -> None:
    """The first run makes all, with modes and every byte, and names it; the second changes nothing."""
    places = [str(tmp_path / name) for name in ("data", "above/unit", "key")]
    assert ran("place_files", options(tmp_path))["written"] == places
    assert [oct(Path(path).stat().st_mode)[-3:] for path in places] == ["750", "644", "600"]
    assert (tmp_path / "key").read_bytes() == b"good\r\n"
    again = ran("place_files", options(tmp_path))
    assert (again["changed"], again["written"]) == (False, [])


def test_what_was_changed_by_hand_is_named_and_mended(tmp_path: Path) -> None:
    """Check mode says what differs and leaves it; a run mends that alone."""
    ran("place_files", options(tmp_path))
    (tmp_path / "above" / "unit").write_text("other\n", encoding="utf-8")
    (tmp_path / "data").chmod(0o777)
    differing = [str(tmp_path / "data"), str(tmp_path / "above" / "unit")]
    checked = ran("place_files", options(tmp_path), check=True)
    assert checked["written"] == differing
    assert (checked["diff"][1]["before"], checked["diff"][1]["after"]) == ("other\n", "[Unit]\n")
    assert (tmp_path / "above" / "unit").read_text(encoding="utf-8") == "other\n"
    assert ran("place_files", options(tmp_path))["written"] == differing
    assert oct((tmp_path / "data").stat().st_mode)[-3:] == "750"


def test_check_mode_on_an_empty_host_makes_nothing(tmp_path: Path) -> None:
    """All would be written, nothing is."""
    assert len(ran("place_files", options(tmp_path), check=True)["written"]) == 3
    assert list(tmp_path.iterdir()) == []


def test_an_exact_directory_holds_nothing_else(tmp_path: Path) -> None:
    """A file that is no longer wanted is named by check mode and removed by a run; its wanted neighbour stays."""
    place = tmp_path / "tools"
    wanted = {
        "directories": [{"path": str(place), "exact": True}],
        "files": [{"path": str(place / "a"), "content": ""}],
    }
    ran("place_files", wanted)
    (place / "b").write_text("old\n", encoding="utf-8")
    assert ran("place_files", wanted, check=True)["written"] == [str(place / "b")]
    assert (place / "b").exists()
    assert ran("place_files", wanted)["written"] == [str(place / "b")]
    assert [path.name for path in place.iterdir()] == ["a"]
    assert ran("place_files", wanted)["changed"] is False


def test_a_refused_file_leaves_the_old_one(tmp_path: Path) -> None:
    """The command that validates a file sees it before it takes its place."""
    ran("place_files", options(tmp_path))
    refused = options(tmp_path)
    refused["files"][1] |= {"content": "bad\n"}
    answer = ran("place_files", refused)
    assert answer["failed"]
    assert "refuses" in answer["msg"]
    assert (tmp_path / "key").read_bytes() == b"good\r\n"


@pytest.mark.parametrize("check", [False, True])
def test_only_units_that_do_not_run_are_started(tmp_path: Path, check: bool) -> None:
    """One question for all units; what runs and is enabled is left alone, and check mode starts nothing."""
    program, log = tmp_path / "systemctl", tmp_path / "log"
    program.write_text(SYSTEMCTL, encoding="utf-8")
    program.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    units = {"units": ["a.service", "b.service"], "enabled": True}
    answer = ran("start_units", units, check, PATH=path, LOG=str(log))
    assert (answer["changed"], answer["started"]) == (True, ["b.service"])
    acted = [line for line in log.read_text(encoding="utf-8").splitlines() if not line.startswith("show")]
    assert acted == ([] if check else ["enable -- b.service", "start -- b.service"])


def test_states_of_units_are_read_in_order() -> None:
    """A blank line ends a unit's properties; a value may be empty."""
    text = "ActiveState=inactive\nUnitFileState=\n\nActiveState=active\nUnitFileState=enabled\n"
    assert [state["UnitFileState"] for state in states(text)] == ["", "enabled"]


def test_removed_packages_are_not_there() -> None:
    """A package of which only the configuration is left counts as missing."""
    assert installed("installed podman\nconfig-files nano\nhalf-installed crun\n") == ["podman"]
