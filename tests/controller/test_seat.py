"""The seat of a controller, taken by real processes that are really killed."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lmsvc.controller import seat
from lmsvc.controller.seat import seat_of
from tests.service.running import wait_for

HOST = "alpha"
SITTING = """
import sys, time
from pathlib import Path
from lmsvc.controller.seat import seat_of
seat = seat_of(Path(sys.argv[1]), "alpha")
print(seat.take(), flush=True)
seat.sit(sys.argv[2])
print("sits", flush=True)
time.sleep(600)
"""
Sit = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def sit(tmp_path: Path) -> Iterator[Sit]:
    """Give a way to let a process of some name take the seat."""
    started: list[subprocess.Popen[str]] = []

    def begin(name: str, *prefix: str) -> subprocess.Popen[str]:
        words = [*prefix, sys.executable, "-c", SITTING, str(tmp_path), name]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def said(process: subprocess.Popen[str]) -> str:
    """Return who a process says had the seat before it, once it sits."""
    assert process.stdout is not None
    before = process.stdout.readline().strip()
    assert process.stdout.readline() == "sits\n"
    return before


def last(directory: Path, host: str = HOST) -> str | None:
    """Return who had the seat last and is gone, as one learns who takes it."""
    own = seat_of(directory, host)
    try:
        return own.take()
    finally:
        own.leave()


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM])
def test_the_next_one_knows_who_is_gone(sit: Sit, tmp_path: Path, signum: signal.Signals) -> None:
    """Whatever ended a process, the next one that takes the seat is told its name."""
    first = sit("first")
    assert said(first) == "None"
    first.send_signal(signum)
    first.wait()
    assert last(tmp_path) == "first"


def test_nobody_is_taken_for_gone_while_it_lives(sit: Sit, tmp_path: Path) -> None:
    """A second process of the same host name learns of nobody, takes nothing away, and leaves no name."""
    first = sit("first")
    said(first)
    second = sit("second")
    assert said(second) == "None"
    assert last(tmp_path) is None
    first.kill()
    first.wait()
    assert said(sit("third")) == "first"


def test_every_host_has_its_own(sit: Sit, tmp_path: Path) -> None:
    """Another host's controller that ended is none of ours."""
    first = sit("first")
    said(first)
    first.kill()
    first.wait()
    assert last(tmp_path, "beta") is None


def test_process_ids_do_not_matter(sit: Sit, tmp_path: Path) -> None:
    """One that lives in a container, whose process id means nothing here, is not taken for gone; once killed, it is."""
    first = sit("first", "unshare", "--pid", "--fork", "--kill-child")
    said(first)
    assert last(tmp_path) is None
    first.kill()
    first.wait()
    wait_for("free", lambda: last(tmp_path) == "first", 10)


def test_before_a_restart_of_the_machine_nothing_is_sure(
    sit: Sit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name written under another run of a kernel, here or on a machine that shares the directory, is not believed."""
    first = sit("first")
    said(first)
    first.kill()
    first.wait()
    (tmp_path / "boot").write_text("another")
    monkeypatch.setattr(seat, "BOOT_ID", tmp_path / "boot")
    assert last(tmp_path) is None
    monkeypatch.setattr(seat, "BOOT_ID", tmp_path / "nothing")
    assert last(tmp_path) is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"owner": "first"}', json.dumps({"owner": "first", "boot": ""})])
def test_a_half_written_seat_names_nobody(tmp_path: Path, content: str) -> None:
    """A process killed while it wrote its name had no claims yet."""
    (tmp_path / f"{HOST}.seat").write_text(content)
    assert last(tmp_path) is None


def test_without_a_seat_a_controller_begins_all_the_same(tmp_path: Path) -> None:
    """Where the directory cannot be written nobody is known, and nothing fails."""
    own = seat_of(tmp_path / "nowhere", HOST)
    assert own.take() is None
    own.sit("first")
