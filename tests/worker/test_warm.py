"""The warm start: a fork server makes the processes of a batch's items, and nothing else changes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from lmsvc.worker.step_runner import Bundle, children, read_status
from tests.trixie import PROJECT
from tests.worker.lab import alive, wait_for

RUNNER = Path(sys.modules[Bundle.__module__].__file__ or "")
HEAVY = """
import os
TOKEN = os.urandom(8).hex()
PAGES = bytearray(os.urandom(1)) * {pages}
"""
TOOL = """
import heavy, json, os, subprocess, sys, threading, time

def told():
    return {"token": heavy.TOKEN, "pid": os.getpid(), "group": os.getpgrp(), "parent": os.getppid(),
            "arguments": sys.argv[1:], "found": sorted(os.listdir(".")), "stdin": sys.stdin.read()}

if __name__ == "__main__":
    value = json.load(open("inputs.json"))["do"]
    with open("told.json", "w") as out:
        out.write(json.dumps(told()))
    print("out", value)
    print("err", value, file=sys.stderr)
    exec(value)
"""
OUTPUT = {"told": {"type": "File", "glob": "told.json"}}
TOLD = ("state", "reason", "exit_code", "signal", "stderr_tail", "command", "tries")
DAEMON = "import subprocess; subprocess.Popen(['setsid', '-f', 'sleep', '{seconds}'])"


class Batch:
    """Tasks of one directory, whose tool does what each item tells it."""

    def __init__(self, directory: Path) -> None:
        """Write the tool, and a module that it imports, into ``directory``."""
        self.directory = directory
        self.limits: dict[str, float] = {"memory_mb": 300, "seconds": 30, "disk_mb": 100}
        self.warm = [sys.executable, "-m", "lmsvc.tools.warm", "tool"]
        (directory / "tool.py").write_text(TOOL)
        self.load(pages=1)
        self.place = directory / "task"
        self.place.mkdir()

    def load(self, pages: int, more: str = "") -> None:
        """Have the tool import a module that takes so many bytes and does something more."""
        (self.directory / "heavy.py").write_text(HEAVY.format(pages=pages) + more)

    def run(self, *scripts: str, retries: int = 0) -> list[dict[str, Any]]:
        """Run one item per script; return the items of the bundle."""
        runner = self.start(*scripts, retries=retries)
        assert runner.wait(120) == 0
        found: list[dict[str, Any]] = read_status(self.place / "t.tar")["items"]
        return found

    def start(self, *scripts: str, retries: int = 0) -> subprocess.Popen[bytes]:
        """Start the runner."""
        (self.place / "task.json").write_text(json.dumps(self._task(scripts, retries)))
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{PROJECT}:{self.directory}"}
        words = [sys.executable, str(RUNNER), "task.json"]
        return subprocess.Popen(words, cwd=self.place, env=environment)

    def _task(self, scripts: Sequence[str], retries: int) -> dict[str, Any]:
        command = [sys.executable, "-m", "tool"]
        inputs = {"do": {"type": "string", "binding": None}}
        tool = {
            **{"id": "tool", "base_command": command, "arguments": ["inputs.json", "two words"], "success_codes": [0]},
            **{"warm_command": self.warm, "outputs": OUTPUT, "inputs": inputs},
        }
        items = [{"index": n, "label": None, "inputs": {"do": {"value": do}}} for n, do in enumerate(scripts)]
        head = {"format": 1, "task": "t", "step": "t", "bundle": "t.tar", "limits": self.limits, "retries": retries}
        return {**head, "tool": tool, "common": {}, "items": items}

    def told(self) -> list[dict[str, Any]]:
        """Return what the tool wrote, by item, where it got so far."""
        with Bundle(self.place / "t.tar") as bundle:
            found = []
            for item in bundle.items.values():
                if item["outputs"].get("told"):
                    bundle.copy(item["outputs"]["told"]["path"], self.directory / "copy")
                    found.append(json.loads((self.directory / "copy").read_text()))
            return found

    def stderr(self, index: int) -> str:
        """Return what an item wrote on standard error."""
        with Bundle(self.place / "t.tar") as bundle:
            bundle.copy(f"{index}/stderr", self.directory / "copy")
        return (self.directory / "copy").read_text()


@pytest.fixture
def batch(tmp_path: Path) -> Batch:
    """A directory to run batches in."""
    return Batch(tmp_path)


@pytest.fixture
def marks() -> Iterator[str]:
    """A number of seconds that no other process sleeps."""
    yield f"9{os.getpid()}{time.monotonic_ns() % 10**6}"


def test_items_share_the_imports_and_nothing_else(batch: Batch) -> None:
    """All items have what was imported once, each in a process, group, directory and streams of its own."""
    items = batch.run("pass", "open('mine', 'w')", "pass")
    told = batch.told()
    assert len({one["token"] for one in told}) == 1
    assert len({one["pid"] for one in told}) == 3
    assert all(one["group"] == one["pid"] and one["stdin"] == "" for one in told)
    assert all(one["arguments"] == ["inputs.json", "two words"] for one in told)
    assert all(one["found"] == ["inputs.json", "told.json"] for one in told)
    assert [batch.stderr(index) for index in range(3)] == ["err pass\n", "err open('mine', 'w')\n", "err pass\n"]
    assert [item["state"] for item in items] == ["succeeded"] * 3


def test_one_item_is_started_in_the_ordinary_way(batch: Batch) -> None:
    """A task of one item starts no fork server."""
    batch.run("pass")
    assert not (batch.place / "lm" / "warm.log").exists()


ENDS = [
    "raise SystemExit(3)",
    "sys.exit('error: say what to do')",
    "1/0",
    "os.kill(os.getpid(), 9)",
    "os._exit(7)",
    "x = bytearray(os.urandom(1)) * 400_000_000; time.sleep(9)",
    "subprocess.run(['sleep', '60'])",
    "threading.Thread(target=print, args=['from a thread']).start()",
    "json.dump({'lmsvc:skipped': 'nothing'}, open('cwl.output.json', 'w'))",
    "os.remove('told.json')",
    "sys.stdout.close()",
    "pass",
]


def test_every_end_is_the_same_warm_and_cold(batch: Batch) -> None:
    """Failures, signals, limits and skips are told in the same words either way, and leave the neighbours alone."""
    batch.limits["seconds"] = 3
    scripts = [script for end in ENDS for script in (end, "pass")]
    warm = batch.run(*scripts)
    tokens = {one["token"] for one in batch.told()}
    batch.warm = []
    cold = batch.run(*scripts)
    assert [_told(item) for item in warm] == [_told(item) for item in cold]
    assert [item["state"] for item in warm[1::2]] == ["succeeded"] * len(ENDS)
    assert len(tokens) == 1
    assert {item["reason"] for item in warm if item["state"] == "failed"} >= {
        "exit code 3",
        "exit code 1",
        "killed by signal 9",
        "exit code 7",
        "ran longer than the 3 s allowed",
    }


def _told(item: dict[str, Any]) -> list[object]:
    """Give what is said of an item, without measured numbers and without the frames that started it."""
    lines = str(item["stderr_tail"]).splitlines()
    reason = str(item["reason"]).split(" MB, ")[-1]
    return [*(item[key] for key in TOLD if key not in ("reason", "stderr_tail")), reason, lines[:1], lines[-1:]]


def test_memory_of_the_imports_counts_once(batch: Batch) -> None:
    """An item may use what the imports leave of its limit, as it may without a warm start, and no more."""
    batch.load(pages=150_000_000)
    small, large = (f"x = bytearray(os.urandom(1)) * {size}_000_000; time.sleep(0.4)" for size in (60, 250))
    forks = "x = [os.fork() for _ in range(2)]; time.sleep(0.4)"
    for warm in (batch.warm, []):
        batch.warm = warm
        found = batch.run(small, large, forks, small)
        assert [item["state"] for item in found] == ["succeeded", "failed", "succeeded", "succeeded"]
        assert "MB, more than the 300 MB allowed" in found[1]["reason"]
        assert 200 < found[0]["peak_memory_mb"] < 300


def test_nothing_of_an_item_outlives_it_but_the_server_does(batch: Batch, marks: str) -> None:
    """What an item leaves running is killed before the next begins, which the same server makes."""
    batch.run(DAEMON.format(seconds=marks), f"assert not os.system('! pgrep -f \"sleep {marks}\"')")
    assert len({one["token"] for one in batch.told()}) == 1
    assert _processes(f"sleep\0{marks}") == []


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (["no-such-program"], "there is no program no-such-program"),
        (["false"], "it ended"),
        (["sh", "-c", "echo broken libraries >&2; exit 1"], "it ended: broken libraries"),
        (["sh", "-c", "echo hello >&0; exec sleep 60"], "its answer names no process of ours: hello"),
        (["sh", "-c", "echo '{\"pid\": 1}' >&0; exec sleep 60"], "its answer names no process of ours"),
        (["sh", "-c", "echo '{\"pid\": [1]}' >&0; exec sleep 60"], "its answer names no process of ours"),
        (["sh", "-c", "echo '{\"pid\": '$$'}' >&0; exec sleep 60"], "its answer names no process of ours"),
        (["sh", "-c", "sleep 60 & echo '{\"pid\": '$!'}' >&0; wait"], "its answer names no process of ours"),
        (["sh", "-c", "exec 3>&0; yes | tr -d '\\n' >&3"], "its answer is too long"),
    ],
)
def test_without_its_server_a_tool_is_started_as_ever(batch: Batch, program: list[str], said: str) -> None:
    """Whatever is wrong with the server, all items run, and only one that fails for its own reasons mentions it."""
    batch.warm = program
    items = batch.run("pass", "sys.exit(3)", "pass")
    assert [item["state"] for item in items] == ["succeeded", "failed", "succeeded"]
    assert len({one["token"] for one in batch.told()}) == 2
    assert batch.stderr(0) == "err pass\n"
    assert batch.stderr(1).startswith(
        "err sys.exit(3)\nlm_step: started by its own command, because of the warm start:"
    )
    assert said in batch.stderr(1)


def test_imports_that_leave_threads_are_not_copied(batch: Batch) -> None:
    """A server whose imports have started a thread gives up, since a copy would lack it."""
    batch.load(
        pages=1, more="import threading, time\nthreading.Thread(target=time.sleep, args=[60], daemon=True).start()"
    )
    batch.run("pass", "sys.exit(3)")
    assert "error: 2 threads run after the imports" in batch.stderr(1)


def test_a_killed_server_harms_no_item(batch: Batch) -> None:
    """The item that runs when the server dies goes on, and the others are started by the ordinary command."""
    kill = "os.kill(min(int(pid) for pid in os.popen(f'pgrep -P {os.getppid()}') if int(pid) != os.getpid()), 9)"
    items = batch.run("pass", kill, "pass", "sys.exit(3)", "pass")
    assert [item["state"] for item in items] == ["succeeded", "succeeded", "succeeded", "failed", "succeeded"]
    tokens = [one["token"] for one in batch.told()]
    assert tokens[0] == tokens[1]
    assert len(set(tokens)) == 3
    assert "because of the warm start" in batch.stderr(3)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_runner_takes_server_and_item_with_it(batch: Batch, number: int) -> None:
    """Server and item die with the runner, however it dies."""
    runner = batch.start("time.sleep(60)", "pass")
    wait_for("server and item", lambda: len(children(runner.pid)) == 2)
    family = children(runner.pid)
    wait_for("item at work", (batch.place / "lm" / "item" / "work" / "told.json").exists)
    started = time.monotonic()
    runner.send_signal(number)
    runner.wait(10)
    wait_for("end of both", lambda: not any(alive(pid) for pid in family), seconds=5)
    print(f"all gone after {time.monotonic() - started:.3f} s")


def test_a_failed_item_is_tried_again(batch: Batch) -> None:
    """A failure is tried as often as allowed, once it succeeds the failures are forgotten, and the count is told."""
    once = f"p = {str(batch.directory)!r} + '/{{}}'; first = not os.path.exists(p); open(p, 'a').write('x'); "
    heals = once.format("a") + "sys.exit('error: not yet') if first else None"
    items = batch.run(heals, "sys.exit('error: never')", "pass", retries=2)
    assert [(item["state"], item["tries"], item["reason"]) for item in items] == [
        ("succeeded", 2, None),
        ("failed", 3, "exit code 1"),
        ("succeeded", 1, None),
    ]
    assert (items[0]["exit_code"], items[0]["stderr_tail"].count("not yet\n")) == (0, 0)
    assert items[1]["stderr_tail"].splitlines()[1:] == ["error: never"]
    assert len(batch.told()) == 2


def test_what_another_try_cannot_mend_is_tried_once(batch: Batch) -> None:
    """Limits, skips and missing programs are final."""
    batch.limits["seconds"] = 1
    skip = "json.dump({'lmsvc:skipped': 'nothing'}, open('cwl.output.json', 'w'))"
    found = batch.run("time.sleep(60)", skip, "os.remove('told.json')", retries=1)
    assert [(item["state"], item["tries"]) for item in found] == [("failed", 1), ("skipped", 1), ("failed", 2)]


def _processes(text: str) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and text in (entry / "cmdline").read_bytes().decode(errors="replace"):
                found.append(int(entry.name))
        except OSError:
            continue
    return found
