"""The live log of an agent: told to who has the task's key, and nothing that a tool leaves in its place does harm."""

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lmsvc.worker.files import PoolFiles, SlotFiles
from lmsvc.worker.live_log import AT_ONCE, SHOWN_BYTES, Live, LiveLog, Tail, ask

PROJECT, TASK, KEY = "lm-sdm-abcdefgh23-nap-0-1", "nap.1.0000", "0123456789abcdef"
SECONDS = 10.0


@pytest.fixture
def slot(tmp_path: Path) -> SlotFiles:
    """Give a slot in which a task runs its item 7."""
    files = PoolFiles(tmp_path / "sdm")
    files.make()
    slot = files.slot("h1", 1)
    slot.make()
    slot.running.write_text(json.dumps({"project": PROJECT, "task": TASK, "pid": 1, "key": KEY}))
    item = _item(slot)
    item.mkdir(parents=True)
    (item / "index").write_text("7")
    (item / "stdout").write_text("one\ntwo")
    return slot


@pytest.fixture
def log(slot: SlotFiles) -> Iterator[LiveLog]:
    """Give the live log of the slot's agent."""
    live_log = LiveLog(PoolFiles(slot.directory.parent.parent), "127.0.0.1")
    yield live_log
    live_log.shutdown()
    live_log.server_close()


def _item(slot: SlotFiles) -> Path:
    return slot.work / "worker-1-2" / "t.1" / "lm" / "item"


def _ask(log: LiveLog, task: str = TASK, key: str = KEY) -> Live | None:
    return ask(("127.0.0.1", log.port), PROJECT, task, key, SECONDS)


def test_who_has_the_key_sees_what_was_printed(log: LiveLog, slot: SlotFiles) -> None:
    """Number of the item and both streams as they are now; more of it a moment later."""
    assert _ask(log) == Live(7, {"stdout": Tail("one\ntwo", 7), "stderr": Tail("", 0)})
    (_item(slot) / "stderr").write_bytes(b"oops \xff\n")
    found = _ask(log)
    assert found
    assert found.streams["stderr"] == Tail("oops \N{REPLACEMENT CHARACTER}\n", 7)


def test_nobody_else_sees_anything(log: LiveLog, slot: SlotFiles) -> None:
    """Another key, another task, a task without a key and a slot at rest: nothing is told."""
    assert _ask(log, key="0" * 16) is None
    assert _ask(log, task="nap.1.0001") is None
    slot.running.write_text(json.dumps({"project": PROJECT, "task": TASK, "pid": 1}))
    assert _ask(log, key="") is None
    slot.running.unlink()
    assert _ask(log) is None


def test_before_the_first_item_there_is_nothing_to_tell(log: LiveLog, slot: SlotFiles) -> None:
    """A task whose tool has not begun has no answer, instead of an empty one of an item that may not be its."""
    (_item(slot) / "index").unlink()
    assert _ask(log) is None


def test_of_much_the_end_is_told(log: LiveLog, slot: SlotFiles) -> None:
    """What is longer begins with a whole line, and its size is the whole."""
    (_item(slot) / "stdout").write_text("".join(f"line {number:06}\n" for number in range(100_000)))
    found = _ask(log)
    assert found
    text, size = found.streams["stdout"]
    assert size == 12 * 100_000
    assert text.startswith("line 0")
    assert text.endswith("line 099999\n")
    assert SHOWN_BYTES - 12 <= len(text) <= SHOWN_BYTES


@pytest.mark.parametrize("what", ["fifo", "link", "directory"])
def test_what_a_tool_puts_in_place_of_a_stream_is_not_followed(log: LiveLog, slot: SlotFiles, what: str) -> None:
    """A FIFO does not block, a link and a directory are no streams."""
    stream = _item(slot) / "stderr"
    made: dict[str, Callable[[], None]] = {
        "fifo": lambda: os.mkfifo(stream),
        "link": lambda: stream.symlink_to("/etc/hostname"),
        "directory": stream.mkdir,
    }
    made[what]()
    found = _ask(log)
    assert found
    assert found.streams["stderr"] == Tail("", 0)


@pytest.mark.parametrize("said", [b"", b"\n", b"\xff\xfe\n", b"[]\n", b'{"project": 1}\n', b"x" * 100_000])
def test_who_does_not_keep_to_the_conversation_is_let_be(log: LiveLog, said: bytes) -> None:
    """Whatever is said instead of a question, the connection ends and the next one is answered."""
    with socket.create_connection(("127.0.0.1", log.port), SECONDS) as connection:
        assert len(connection.recv(100)) == 33
        with contextlib.suppress(OSError):  # It may be reset while the rest is being sent.
            connection.sendall(said)
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(100) == b""
    assert _ask(log)


def test_who_holds_the_line_keeps_nobody_out_for_long(log: LiveLog) -> None:
    """More silent connections than are answered at once: who asks is refused, and answered when their time is over."""
    silent = [socket.create_connection(("127.0.0.1", log.port), SECONDS) for _ in range(AT_ONCE)]
    assert all(len(each.recv(100)) == 33 for each in silent)
    assert _ask(log) is None
    deadline = time.monotonic() + 5 * SECONDS
    while _ask(log) is None:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    for each in silent:
        each.close()


@pytest.mark.parametrize("answer", [b"", b"\n", b"0" * 64 + b'\n{"item": 7, "streams": {}}\n', b"no\n[]\n"])
def test_an_answer_of_somebody_else_is_not_believed(answer: bytes) -> None:
    """Who does not know the key cannot say what a task printed, and an agent that is gone says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def pretend() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"f" * 32 + b"\n")
                connection.recv(4096)
                connection.sendall(answer)

        thread = threading.Thread(target=pretend)
        thread.start()
        assert ask(("127.0.0.1", port), PROJECT, TASK, KEY, SECONDS) is None
        thread.join()
    assert ask(("127.0.0.1", port), PROJECT, TASK, KEY, SECONDS) is None
