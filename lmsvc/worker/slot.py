"""A slot: the place on a worker host where one task runs at a time.

The keeper factory starts it. It takes a free slot directory and runs a ``work_queue_worker`` for whichever manager the
agent assigns to it. It moves to another manager between two tasks, never within one: told to leave, the gate lets no
further task begin, and the worker is ended once nothing of a task is left in it. A slot that the agent keeps no longer
leaves in the same way, and its process waits for another. Whatever loses its parent below a slot becomes the slot's
child and is killed; when the factory or the agent ends, the slot ends all of it.

Usage: ``slot CONFIGURATION`` (what follows is ignored: the factory adds the command of a worker).
"""

import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from lmsvc.doorbell import Doorbell, ring
from lmsvc.files import write_json, write_text
from lmsvc.worker import process
from lmsvc.worker.claim import claimed
from lmsvc.worker.files import JsonObject, PoolFiles, SlotFiles, empty_directory, read_json
from lmsvc.worker.gpus import Gpus
from lmsvc.worker.guardians import Guardians
from lmsvc.worker.worker import Worker, start_worker

LOOK_SECONDS = 1.0
"""Longest time between two looks at the files."""
LEAVING_SECONDS = 0.05
"""Time between two looks while waiting for a task to end."""
SPARE_SECONDS = 0.5
"""Time between two tries of a spare process to become a slot, and of a slot to get GPUs that others use."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.1, 2.0
"""Before a worker that ended by itself is started again for the same manager; doubled each time."""
LOST_KEPT = 100
"""Lost tasks remembered, the newest."""


class Slot:
    """Keeps a slot directory and the worker of its assignment in step."""

    def __init__(self, configuration: JsonObject, pool: PoolFiles, files: SlotFiles) -> None:
        """Take over the slot whose lock this process holds; an earlier holder's leavings are counted and cleared."""
        self._configuration = configuration
        self._pool = pool
        self._files = files
        self._lost: dict[str, int] = read_json(files.state).get("lost", {})
        self._count_loss()
        self._worker: Worker | None = None
        self._gpus = Gpus(configuration)
        self._pause = FIRST_PAUSE_SECONDS
        self._not_before = 0.0
        self._last_manager: JsonObject | None = None
        self._shown: JsonObject = {}
        self._since = time.time()
        self.given_up = False
        process.kill_marked("LMSVC_SLOT_DIR", f"{files.directory}\0")
        self._show()
        self._clear()

    def look(self) -> float:
        """Bring everything in step once; return after how many seconds to look again at the latest."""
        self._bury_worker()
        strangers = self._kill_strangers()
        self._forget_dead_runner()
        wanted = self._assigned()
        if self._worker is None:
            self._start(wanted)
        elif wanted == self._worker.manager:
            self._stay(self._worker)
        else:
            self._leave(self._worker)
        self.given_up = self._worker is None and not self._kept()
        self._show()
        return LEAVING_SECONDS if strangers else self._patience(wanted)

    def _kept(self) -> bool:
        """Return whether the agent keeps this slot alive, as far as is known."""
        names = self._pool.kept_slots()
        return names is None or self._files.name in names

    def _assigned(self) -> JsonObject | None:
        manager: JsonObject | None = read_json(self._files.assignment).get("manager")
        return manager if self._kept() else None

    def _patience(self, wanted: JsonObject | None) -> float:
        if self._worker is None:
            return LOOK_SECONDS if wanted is None else max(0.0, self._not_before - time.monotonic())
        return LEAVING_SECONDS if self._worker.leaving else LOOK_SECONDS

    @property
    def watched(self) -> list[int]:
        """Descriptors that become readable when there is something to look at."""
        return [self._worker.fd] if self._worker else []

    def end(self) -> None:
        """Kill the worker and everything below, and leave nothing but what was lost, for whoever is this slot next."""
        process.end_children()
        self._gpus.free()
        self._files.forget_work()
        if self._lost:
            ended = {"pid": 0, "state": "ended", "manager": None, "task": None}
            write_json(self._files.state, {**self._state(), **ended, "since": time.time()})
        ring(self._pool.slots_doorbell)

    def _bury_worker(self) -> None:
        worker = self._worker
        code = worker.ended() if worker else None
        if worker is None or code is None:
            return
        self._worker = None
        if code < 0:
            self._count_loss()
            self._show()  # A runner of the same task elsewhere reads the count once the note of this one is gone.
        process.end_children()
        self._gpus.free()
        self._clear()
        long_lived = time.monotonic() - worker.started > LONGEST_PAUSE_SECONDS
        self._pause = FIRST_PAUSE_SECONDS if long_lived else min(2 * self._pause, LONGEST_PAUSE_SECONDS)
        self._not_before = time.monotonic() + self._pause
        self._last_manager = None if worker.leaving else worker.manager

    def _count_loss(self) -> None:
        running = read_json(self._files.running)
        if running:
            task = f"{running.get('project')}/{running.get('task')}"
            self._lost[task] = self._lost.pop(task, 0) + 1
            self._lost = dict(list(self._lost.items())[-LOST_KEPT:])

    def _clear(self) -> None:
        self._files.running.unlink(missing_ok=True)
        empty_directory(self._files.work)

    def _kill_strangers(self) -> bool:
        """Kill what was adopted, for it belongs to no task any more; return whether there was any."""
        return process.kill_children(self._worker.pid if self._worker else None)

    def _forget_dead_runner(self) -> None:
        """Drop the note of a runner that was killed alone: its worker lives and tells the manager."""
        runner = read_json(self._files.running).get("pid")
        if runner and not Path(f"/proc/{runner}").exists() and self._worker and self._worker.lives():
            self._files.running.unlink(missing_ok=True)

    def _start(self, manager: JsonObject | None) -> None:
        if manager is None or (manager == self._last_manager and time.monotonic() < self._not_before):
            return
        if not self._gpus.take():
            self._not_before = time.monotonic() + SPARE_SECONDS
            return
        write_text(self._files.gate, "go")
        self._worker = start_worker(self._configuration, self._files, manager, self._gpus.names)

    def _stay(self, worker: Worker) -> None:
        if worker.leaving:
            write_text(self._files.gate, "go")
            worker.leaving = False

    def _leave(self, worker: Worker) -> None:
        if not worker.leaving:
            write_text(self._files.gate, "leave")
            worker.leaving = True
        if self._files.has_task():
            return
        process.kill(worker.pid)
        os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)
        self._bury_worker()
        self._start(self._assigned())

    def _show(self) -> None:
        state = self._state()
        if any(self._shown.get(key) != value for key, value in state.items()):
            if (self._shown.get("state"), self._shown.get("manager")) != (state["state"], state["manager"]):
                self._since = time.time()
            self._shown = dict(state)
            write_json(self._files.state, {**state, "since": self._since})
            ring(self._pool.slots_doorbell)

    def _state(self) -> JsonObject:
        running = read_json(self._files.running)
        worker = self._worker
        return {
            "slot": self._files.name,
            "pid": os.getpid(),
            "state": "idle" if worker is None else "leaving" if worker.leaving else "working",
            "manager": worker.manager if worker else None,
            "task": f"{running['project']}/{running['task']}" if running else None,
            "lost": dict(self._lost),
        }


def _serve(slot: Slot, bell: Doorbell, guardians: Guardians) -> None:
    """Be a slot until it is given up, or until somebody whom it must not outlive has ended."""
    seconds = 0.0
    while not slot.given_up and guardians.wait([bell.fileno(), *slot.watched], seconds):
        bell.wait(0)
        seconds = slot.look()


def _be(configuration: JsonObject, pool: PoolFiles, files: SlotFiles, guardians: Guardians) -> bool:
    """Be the slot of these files; return whether its process may be another one now."""
    slot = Slot(configuration, pool, files)
    bell = Doorbell(files.doorbell)
    try:
        _serve(slot, bell, guardians)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        slot.end()
        bell.close()
    signal.signal(signal.SIGTERM, _terminated)
    return slot.given_up


def _wait_for_slots(configuration: JsonObject, pool: PoolFiles, guardians: Guardians) -> None:
    """Be one slot after the other, and a spare process in between, until factory or agent have ended."""
    serving = True
    while serving:
        with claimed(pool) as files:
            if files is not None:
                serving = _be(configuration, pool, files, guardians)
        if files is None:
            serving = guardians.wait([], SPARE_SECONDS)


def _terminated(*_: object) -> None:
    raise SystemExit(0)


def main(argv: Sequence[str]) -> int:
    """Be a slot, or a spare one until a slot is free; return when factory or agent have ended."""
    if not argv or argv[0] in ("-h", "--help"):
        (sys.stdout if argv else sys.stderr).write(f"usage: lmsvc slot CONFIGURATION\n\n{__doc__}")
        return 0 if argv else 2
    signal.signal(signal.SIGTERM, _terminated)
    process.end_with_parent(signal.SIGTERM)
    process.adopt_descendants()
    configuration = read_json(Path(argv[0]))
    try:
        guardians = Guardians(configuration["agent_pid"])
    except ProcessLookupError as error:
        sys.stderr.write(f"slot: {error}\n")
        return 1
    _wait_for_slots(configuration, PoolFiles(Path(configuration["pool_dir"])), guardians)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
