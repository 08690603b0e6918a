"""The factory as the keeper of a slot."""

import json
import subprocess
from pathlib import Path

from lmsvc.cctools.factory import keeper_command, write_launcher


def test_keeper_keeps_exactly_one(tmp_path: Path) -> None:
    """The factory maintains one process and gets no password."""
    words = keeper_command("/usr/bin/work_queue_factory", tmp_path / "a slot", tmp_path)
    assert {"--min-workers=1", "--max-workers=1"} <= set(words)
    assert f"--wrapper=exec '{tmp_path}/a slot'" in words
    assert not any("password" in word for word in words)


def test_launcher_passes_words_and_environment_exactly(tmp_path: Path) -> None:
    """The launcher becomes its command with its own environment alone, whatever the factory adds."""
    launcher = tmp_path / "slot"
    show = "import json, os, sys; print(json.dumps([sys.argv[1:], dict(os.environ)]))"
    odd = "a 'b' $(c) ; \\ é"
    write_launcher(launcher, ["/usr/bin/python3", "-I", "-c", show, odd], {"LANG": "C.UTF-8", "ODD": odd})
    assert launcher.stat().st_mode & 0o777 == 0o700
    result = subprocess.run([str(launcher), "./work_queue_worker"], capture_output=True, timeout=60, check=True)
    arguments, environment = json.loads(result.stdout)
    assert arguments == [odd]
    assert environment == {"LANG": "C.UTF-8", "ODD": odd}


def test_a_keeper_tells_nobody_of_itself(tmp_path: Path) -> None:
    """It asks no catalog, and the one it reports to is none; else that would be CCTools' makers', over the internet."""
    words = keeper_command("/usr/bin/work_queue_factory", tmp_path / "slot", tmp_path)
    assert [word for word in words if "catalog" in word] == ["--catalog=127.0.0.1:1"]
