"""The supervisor of a one-machine service, with small real programs."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from lmsvc.supervisor import INSTANCE_MARK, AlreadyRunning, only_instance
from tests.service.running import kill, wait_for

SUPERVISE = """
import sys
from pathlib import Path
from lmsvc.supervisor import INSTANCE_MARK, Program, Supervisor
place = Path(sys.argv[1])
programs = [Program(f"p{n}", ["sh", "-c", script], place) for n, script in enumerate(sys.argv[2:])]
one = Supervisor(programs, place / "logs", {"PATH": "/usr/bin:/bin", INSTANCE_MARK: str(place)})
one.start()
one.run()
"""


def supervise(place: Path, *scripts: str) -> subprocess.Popen[bytes]:
    """Start a process that supervises some shell scripts in a directory."""
    return subprocess.Popen([sys.executable, "-c", SUPERVISE, str(place), *scripts])


def noted(place: Path, name: str) -> Sequence[int]:
    """Return the process ids that a script noted in a file."""
    path = place / name
    return [int(word) for word in path.read_text().split()] if path.exists() else []


def gone(pids: Sequence[int]) -> bool:
    """Return whether none of some processes lives."""
    return not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in pids)


def test_what_ends_is_started_again(tmp_path: Path) -> None:
    """A killed program is started again at once, one that keeps ending after growing pauses."""
    one = supervise(tmp_path, "echo $$ >> steady; exec sleep 100", "echo $$ >> hasty")
    wait_for("started", lambda: noted(tmp_path, "steady"), 10)
    kill(noted(tmp_path, "steady")[0])
    wait_for("started again", lambda: len(noted(tmp_path, "steady")) == 2, 10)
    assert len(noted(tmp_path, "hasty")) < 6
    one.terminate()
    one.wait(20)
    assert gone([*noted(tmp_path, "steady"), *noted(tmp_path, "hasty")])


def test_a_program_that_will_not_end_is_killed(tmp_path: Path) -> None:
    """After the time to end by itself, SIGKILL ends a program that ignores the request."""
    one = supervise(tmp_path, "trap '' TERM; echo $$ > stubborn; while :; do sleep 1; done")
    wait_for("started", lambda: noted(tmp_path, "stubborn"), 10)
    one.terminate()
    one.wait(25)
    assert gone(noted(tmp_path, "stubborn"))


def test_what_a_program_leaves_behind_is_killed(tmp_path: Path) -> None:
    """A grandchild in a session of its own is adopted when its parent ends, and killed."""
    one = supervise(tmp_path, "setsid sh -c 'echo $$ > orphan; exec sleep 100' & sleep 0.5; exit 0")
    wait_for("orphan made", lambda: noted(tmp_path, "orphan"), 10)
    wait_for("orphan gone", lambda: gone(noted(tmp_path, "orphan")[:1]), 10)
    one.terminate()
    one.wait(20)


def test_children_die_with_a_killed_supervisor(tmp_path: Path) -> None:
    """`kill -9` of the supervisor takes its programs with it."""
    one = supervise(tmp_path, "echo $$ > child; exec sleep 100")
    wait_for("started", lambda: noted(tmp_path, "child"), 10)
    one.kill()
    one.wait()
    wait_for("child gone", lambda: gone(noted(tmp_path, "child")), 10)


def test_leftovers_of_an_earlier_supervisor_are_found_by_their_mark(tmp_path: Path) -> None:
    """A process marked as this instance's is killed when the supervisor ends, whoever started it."""
    environment = {**os.environ, INSTANCE_MARK: str(tmp_path)}
    stray = subprocess.Popen(["sleep", "100"], env=environment)
    one = supervise(tmp_path, "echo $$ > child; exec sleep 100")
    wait_for("started", lambda: noted(tmp_path, "child"), 10)
    one.terminate()
    one.wait(20)
    assert stray.wait(10) == -9


def test_a_directory_has_one_service(tmp_path: Path) -> None:
    """The second holder of a lock is refused and told the first one's process id."""
    lock = tmp_path / "up.lock"
    with only_instance(lock), pytest.raises(AlreadyRunning, match=str(os.getpid())), only_instance(lock):
        pass
    with only_instance(lock):
        pass
