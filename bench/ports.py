"""Ports for the servers the bench starts, from a range that outgoing connections do not use."""

from lmsvc.ports import is_free

FIRST, LAST = 22000, 22999


class NoPort(Exception):
    """Every port of the range is taken."""


class Ports:
    """Hands out ports of a range, each at most once until all were handed out."""

    def __init__(self, first: int = FIRST, last: int = LAST) -> None:
        """Take the range from ``first`` to ``last``."""
        self._first, self._last = first, last
        self._next = first

    def take(self, count: int = 1) -> int:
        """Return the first of ``count`` neighbouring ports that nobody listens on.

        Raises:
            NoPort: there are none.
        """
        for _ in range(self._last - self._first + 1):
            first = self._next if self._next + count - 1 <= self._last else self._first
            self._next = first + 1
            if all(is_free(first + offset) for offset in range(count)):
                self._next = first + count
                return first
        raise NoPort(f"no {count} free ports in a row from {self._first} to {self._last}")
