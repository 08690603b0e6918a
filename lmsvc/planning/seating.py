"""Slots given to projects that may not use every host."""

from collections import deque
from collections.abc import Mapping

Hosts = frozenset[str] | None
"""Hosts that a project may use; None is all."""
_Moves = dict[str, tuple[str, str | None]]
"""By host: the project that would come there, and the host it would leave for it."""


class Seating:
    """Which project has how many slots of which host; a project may be moved to make room for another."""

    def __init__(
        self, allowed: Mapping[str, Hosts], free: Mapping[str, int], placed: Mapping[str, Mapping[str, int]]
    ) -> None:
        """Begin with what is placed.

        Args:
            allowed: the hosts each project may use.
            free: slots by host that nobody has.
            placed: slots by project and host.
        """
        self._allowed = allowed
        self._free = dict(free)
        self.placed = {project: dict(placed.get(project, {})) for project in allowed}

    def add(self, project: str) -> bool:
        """Give a project one slot more, moving others as far as that is needed; False if there is no way."""
        moves: _Moves = {}
        waiting = deque(self._reach(project, None, moves))
        while waiting:
            host = waiting.popleft()
            if self._free[host] > 0:
                self._apply(host, moves)
                return True
            for other, hosts in self.placed.items():
                if hosts.get(host):
                    waiting.extend(self._reach(other, host, moves))
        return False

    def _reach(self, project: str, leaving: str | None, moves: _Moves) -> list[str]:
        """Note and return the hosts a project could come to, those with most room first."""
        allowed = self._allowed[project]
        usable = self._free if allowed is None else allowed & self._free.keys()
        hosts = sorted((host for host in usable if host not in moves), key=lambda host: (-self._free[host], host))
        moves.update(dict.fromkeys(hosts, (project, leaving)))
        return hosts

    def _apply(self, host: str, moves: _Moves) -> None:
        self._free[host] -= 1
        at: str | None = host
        while at is not None:
            project, leaving = moves[at]
            self._change(project, at, 1)
            if leaving is not None:
                self._change(project, leaving, -1)
            at = leaving

    def _change(self, project: str, host: str, by: int) -> None:
        hosts = self.placed[project]
        hosts[host] = hosts.get(host, 0) + by
        if not hosts[host]:
            del hosts[host]
