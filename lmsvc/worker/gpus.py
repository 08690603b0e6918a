"""The GPUs of a host, each of which one slot uses at a time, whatever pool that is of.

A slot with a worker holds a lock on one file for each GPU it uses, in a directory that all pools of the host share.
Numbers are those that CUDA counts by, from 0. CCTools' own numbers begin anew in each worker, so all slots would use
the first GPU.
"""

import os
from pathlib import Path

from lmsvc.locks import held, try_to_hold
from lmsvc.worker.files import JsonObject


class Gpus:
    """Those of a slot: none, or as many as it offers."""

    def __init__(self, configuration: JsonObject) -> None:
        """Hold none yet; ``configuration`` is the slot's, as the agent wrote it."""
        self._directory = Path(configuration["gpu_dir"])
        self._needed: int = configuration["gpus"]
        self._there = range(configuration["host_gpus"])
        self._held: dict[int, int] = {}

    @property
    def names(self) -> str:
        """The numbers of those that it holds, as CUDA_VISIBLE_DEVICES has them."""
        return ",".join(map(str, self._held))

    def take(self) -> bool:
        """Hold all that the slot offers; return whether so many were free, and hold none where not."""
        if len(self._held) < self._needed:
            with held(self._directory / "taking"):
                for number in self._there:
                    self._try(number)
        if len(self._held) < self._needed:
            self.free()
        return len(self._held) == self._needed

    def _try(self, number: int) -> None:
        if len(self._held) < self._needed:
            fd = try_to_hold(self._directory / str(number))
            if fd is not None:
                self._held[number] = fd

    def free(self) -> None:
        """Hold none any more."""
        while self._held:
            os.close(self._held.popitem()[1])
