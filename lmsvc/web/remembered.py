"""Values that may be a little old."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Remembered(Generic[Value]):
    """A value that is read anew when it is older than some seconds; one thread reads, the others take the last one."""

    def __init__(self, read: Callable[[], Value], seconds: float) -> None:
        """Read by this function; nothing is read yet."""
        self._read, self._seconds = read, seconds
        self._lock = threading.Lock()
        self._held: tuple[float, Value] | None = None

    def get(self) -> Value:
        """Return the value; whatever `read` raises is raised, and the next call tries again."""
        held = self._held
        if held is not None and (self._is_young(held) or self._lock.locked()):
            return held[1]
        with self._lock:
            if self._held is None or not self._is_young(self._held):
                value = self._read()
                self._held = (time.monotonic(), value)
            return self._held[1]

    def _is_young(self, held: tuple[float, Value]) -> bool:
        return time.monotonic() - held[0] < self._seconds
