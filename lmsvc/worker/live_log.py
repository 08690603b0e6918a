"""The live log: what a task has printed so far, told by the agent on its host to whoever shows it.

One connection is one question. The agent begins with a line of random digits; the question proves, over these, that who
asks has the task's key, which is in its specification and nowhere else; the answer proves the same of the agent. Nobody
asks while nobody looks, and then nothing of this costs anything.
"""

import hmac
import json
import os
import secrets
import socket
import socketserver
import stat
import threading
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from lmsvc.doorbell import family
from lmsvc.worker.files import JsonObject, PoolFiles, read_json
from lmsvc.worker.step_runner import ITEM_DIRECTORY

SHOWN_BYTES = 50_000
"""Of each stream the end is told, at most this much."""
STREAMS = ("stdout", "stderr")
QUESTION_BYTES = 4_096
ANSWER_BYTES = 16 * SHOWN_BYTES
"""More than two streams can be, every character escaped."""
PATIENCE_SECONDS = 2.0
"""Longest time that one side waits for the other to say something."""
AT_ONCE = 16
"""Questions answered at the same time; further ones are refused, and asked again by who looks."""


class Tail(NamedTuple):
    """The end of what was printed on one stream.

    Attributes:
        text: whole lines, but for the last.
        size: bytes of the stream so far.
    """

    text: str
    size: int


class Live(NamedTuple):
    """What the item that a task runs now has printed.

    Attributes:
        item: its index.
        streams: `stdout` and `stderr`.
    """

    item: int
    streams: dict[str, Tail]


def ask(address: tuple[str, int], project: str, task: str, key: str, seconds: float) -> Live | None:
    """Ask an agent what a task has printed so far.

    Args:
        address: host and port that the agent's record names.
        project: of the task's manager.
        task: its id.
        key: `watch_key` of its specification.
        seconds: how long to wait for each part of the conversation.

    Returns:
        What it printed; None where the task does not run there now, or the answer cannot be had or believed.
    """
    with suppress(OSError, ValueError, KeyError, TypeError):
        with socket.create_connection(address, timeout=seconds) as connection, connection.makefile("rwb") as line:
            asked = _nonce(line.readline(QUESTION_BYTES))
            question = {"project": project, "task": task, "nonce": secrets.token_hex(16)}
            line.write(_encoded({**question, "proof": _proof(key, asked, project, task)}))
            line.flush()
            proof, body = line.readline(QUESTION_BYTES).decode().strip(), line.readline(ANSWER_BYTES)
        if hmac.compare_digest(proof, _proof(key, question["nonce"], body.decode())):
            return _live(json.loads(body))
    return None


def _live(told: JsonObject) -> Live:
    tails = {name: told["streams"][name] for name in STREAMS}
    return Live(int(told["item"]), {name: Tail(str(tail["text"]), int(tail["size"])) for name, tail in tails.items()})


def _nonce(line: bytes) -> str:
    nonce = line.decode().strip()
    if not nonce:
        raise ValueError("the agent answers nobody just now")
    return nonce


def _proof(key: str, *words: str) -> str:
    return hmac.new(key.encode(), "\n".join(words).encode(), "sha256").hexdigest()


def _encoded(value: object) -> bytes:
    return json.dumps(value).encode() + b"\n"


class LiveLog(socketserver.ThreadingTCPServer):
    """Answers for the tasks that run in a pool's slots on this host."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = AT_ONCE

    def __init__(self, files: PoolFiles, address: str) -> None:
        """Answer at a free port of an address of this host; every address where it is empty."""
        self.address_family = family(address)
        self.files = files
        self._room = threading.Semaphore(AT_ONCE)
        super().__init__((address, 0), _Conversation)
        self.port = int(self.server_address[1])
        threading.Thread(target=self.serve_forever, name="live log", daemon=True).start()

    def verify_request(self, request: object, client_address: object) -> bool:
        """Return whether there is room for another question; true takes it."""
        return self._room.acquire(blocking=False)

    def process_request_thread(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """Answer one question and give its room back."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """Let whoever does not keep to the conversation be: nothing of this concerns the slots."""


class _Conversation(socketserver.StreamRequestHandler):
    timeout = PATIENCE_SECONDS
    server: LiveLog

    def handle(self) -> None:
        nonce = secrets.token_hex(16)
        self.wfile.write(nonce.encode() + b"\n")
        question = json.loads(self.rfile.readline(QUESTION_BYTES))
        project, task = str(question["project"]), str(question["task"])
        found = _running(self.server.files, project, task)
        if found is None:
            return
        key, sandboxes = found
        if not hmac.compare_digest(str(question["proof"]), _proof(key, nonce, project, task)):
            return
        printed = _printed(sandboxes)
        if printed is not None:
            body = _encoded(printed)
            self.wfile.write(_proof(key, str(question["nonce"]), body.decode()).encode() + b"\n" + body)


def _running(files: PoolFiles, project: str, task: str) -> tuple[str, list[Path]] | None:
    """Return key and sandboxes of a task that runs in one of the slots."""
    for slot in files.every_slot():
        note = read_json(slot.running)
        if (note.get("project"), note.get("task")) == (project, task) and note.get("key"):
            return str(note["key"]), slot.sandboxes()
    return None


def _printed(sandboxes: list[Path]) -> JsonObject | None:
    """Return what the item printed that runs in one of the sandboxes; None before the first begins."""
    for item in (sandbox / ITEM_DIRECTORY for sandbox in sandboxes):
        with suppress(OSError, ValueError):
            index = int((item / "index").read_text())
            return {"item": index, "streams": {name: _tail(item / name)._asdict() for name in STREAMS}}
    return None


def _tail(path: Path) -> Tail:
    """Return the end of a file; a tool may have put anything in its place."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return Tail("", 0)
    try:
        facts = os.fstat(fd)
        if not stat.S_ISREG(facts.st_mode):
            return Tail("", 0)
        text = os.pread(fd, SHOWN_BYTES, max(0, facts.st_size - SHOWN_BYTES))
    finally:
        os.close(fd)
    if facts.st_size > SHOWN_BYTES:
        text = text[text.find(b"\n") + 1 :]
    return Tail(text.decode(errors="replace"), facts.st_size)
