"""Whom a slot must not outlive."""

import os
import select
from collections.abc import Sequence

from lmsvc.worker import process


class Guardians:
    """The processes a slot must not outlive: the factory that started it and the agent above."""

    def __init__(self, agent: int) -> None:
        """Watch this process's ancestors up to ``agent``.

        Raises:
            ProcessLookupError: the agent or the factory is gone already.
        """
        above = process.ancestors()
        if agent not in above:
            raise ProcessLookupError(f"process {agent} is not above this one")
        if above[0] == agent:
            raise ProcessLookupError(f"the factory between this process and {agent} has ended")
        self.fds = [os.pidfd_open(pid) for pid in above[: above.index(agent) + 1]]

    def wait(self, others: Sequence[int], seconds: float) -> bool:
        """Wait until something happens, at most ``seconds``; return whether all guardians are alive."""
        poller = select.poll()
        for fd in (*self.fds, *others):
            poller.register(fd, select.POLLIN)
        ready = {fd for fd, _ in poller.poll(seconds * 1000)}
        return not ready & set(self.fds)
