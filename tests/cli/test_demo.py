"""The commands that a newcomer runs first, from start to end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.running import wait_for

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".tools" / "bin"
START_SECONDS = 60.0

pytestmark = [
    pytest.mark.cctools,
    pytest.mark.slow,
    pytest.mark.skipif(not TOOLS.exists(), reason="the tools are not installed: run `make setup`"),
]


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let what is started be interrupted, also where this test run itself cannot be: shells' background jobs cannot."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def start_demo(data_dir: Path) -> subprocess.Popen[str]:
    """Start ``lmsvc demo``."""
    words = [sys.executable, "-m", "lmsvc.cli.main", "demo", "--data-dir", str(data_dir)]
    environment = {**os.environ, "LMSVC_TOOL_PATH": f"{TOOLS}:/usr/bin:/bin"}
    return subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def processes_of(data_dir: Path) -> list[str]:
    """Return the command lines of processes that have to do with a data directory."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
        if str(data_dir).encode() in words and entry.name != str(os.getpid()):
            found.append(words[:100].replace(b"\0", b" ").decode(errors="replace"))
    return found


def test_the_demo_runs_the_example_and_leaves_nothing(tmp_path: Path) -> None:
    """The example succeeds, its package is summed up, and no process or file stays outside its directory."""
    started = time.monotonic()
    demo = start_demo(tmp_path / "demo")
    out, err = demo.communicate(timeout=900)
    print(f"demo: {time.monotonic() - started:.0f} s")
    assert demo.returncode == 0, out + err
    assert "matched/matrix" in out
    assert "skipped: clean" in out
    assert processes_of(tmp_path) == []
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_ends_the_demo_and_all_it_started(tmp_path: Path) -> None:
    """Interrupted in the middle, the demo exits 130 and no process is left."""
    demo = start_demo(tmp_path / "demo")
    wait_for("example submitted", lambda: list(tmp_path.glob("demo/jobs/*/stages/*")), START_SECONDS)
    demo.send_signal(signal.SIGINT)
    started = time.monotonic()
    demo.communicate(timeout=60)
    print(f"demo ended after {time.monotonic() - started:.1f} s")
    assert demo.returncode == 130
    assert processes_of(tmp_path) == []


def test_a_killed_demo_takes_its_service_with_it(tmp_path: Path) -> None:
    """Even `kill -9` of the demo leaves no service behind."""
    demo = start_demo(tmp_path / "demo")
    wait_for("example submitted", lambda: list(tmp_path.glob("demo/jobs/*/stages/*")), START_SECONDS)
    demo.kill()
    demo.communicate()
    wait_for("all processes gone", lambda: not processes_of(tmp_path), START_SECONDS)
