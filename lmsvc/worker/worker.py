"""The ``work_queue_worker`` of a slot: how it is started, and how it ended."""

import os
import time

from lmsvc.worker import process
from lmsvc.worker.files import JsonObject, SlotFiles

WAITS = ("--single-shot", "--min-backoff=1", "--max-backoff=1", "--connect-timeout=5", "--idle-timeout=60")
"""It ends with its manager, or when there is none; seconds."""


class Worker:
    """The running ``work_queue_worker`` of a slot."""

    def __init__(self, pid: int, manager: JsonObject) -> None:
        """Watch the process ``pid``, started for ``manager``."""
        self.pid = pid
        self.manager = manager
        self.started = time.monotonic()
        self.leaving = False
        self.fd = os.pidfd_open(pid)

    def lives(self) -> bool:
        """Return whether it is running."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def ended(self) -> int | None:
        """Return how it ended (exit code, or a negative signal number) if it did."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if not pid:
            return None
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)


def start_worker(configuration: JsonObject, files: SlotFiles, manager: JsonObject, gpus: str) -> Worker:
    """Start a worker for a manager.

    Args:
        configuration: the slot's, as the agent wrote it.
        files: of the slot; the worker's output goes to its log, of which only the last worker's is kept.
        manager: project, address and port, and the fingerprint of its password where that is known.
        gpus: the numbers of those that its tasks may use, as CUDA_VISIBLE_DEVICES has them.
    """

    def environment(pid: int) -> dict[str, str]:
        slot = {"LMSVC_SLOT_DIR": str(files.directory), "LMSVC_WORKER_PID": str(pid)}
        place = {"LMSVC_HOST": configuration["host"], "LMSVC_PROJECT": manager["project"]}
        return {**configuration["environment"], **slot, **place, "LMSVC_GPUS": gpus}

    words = [*_command(configuration, files, manager), manager["address"], str(manager["port"])]
    return Worker(process.spawn(words, environment, files.log, files.work, append=False), manager)


def _command(configuration: JsonObject, files: SlotFiles, manager: JsonObject) -> list[str]:
    cores, memory, disk = (configuration[name] for name in ("cores", "memory_mb", "disk_mb"))
    shape = [f"--cores={cores}", f"--memory={memory}", f"--disk={min(disk, _free_mb(files))}"]
    shape.append(f"--gpus={configuration['gpus']}")
    password = configuration["passwords"].get(manager.get("password"), configuration["password_file"])
    place = [f"--workdir={files.work}", f"--password={password}"]
    return [configuration["worker_program"], *shape, *WAITS, *place]


def _free_mb(files: SlotFiles) -> int:
    """Return the room there is: a worker that promises more ends at once."""
    facts = os.statvfs(files.work)
    return facts.f_bavail * facts.f_frsize // 1_048_576
