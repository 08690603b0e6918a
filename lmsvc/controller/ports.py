"""Ports for managers: taken in turn, so that a stale catalog record seldom meets a new manager on its port."""

from lmsvc.ports import is_free

EVERYWHERE = ""


class NoFreePort(RuntimeError):
    """Every port of the range is in use."""


class PortRange:
    """Hands out free ports of a range, in turn."""

    def __init__(self, low: int, high: int) -> None:
        """Hand out ports from ``low`` to ``high``, both included."""
        self._low = low
        self._count = high - low + 1
        self._next = 0
        self._taken: set[int] = set()

    def take(self) -> int:
        """Return a port that nobody listens on.

        Raises:
            NoFreePort: all are in use; set `manager_ports` to a wider range.
        """
        for _ in range(self._count):
            port = self._low + self._next
            self._next = (self._next + 1) % self._count
            if port not in self._taken and is_free(port, EVERYWHERE):
                self._taken.add(port)
                return port
        raise NoFreePort(f"no free port from {self._low} to {self._low + self._count - 1}: widen LMSVC_MANAGER_PORTS")

    def give_back(self, port: int) -> None:
        """Say that a port is no longer used."""
        self._taken.discard(port)
