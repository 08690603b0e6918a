"""One at a time, and the newest first: who comes back after a broken connection does not wait for the old one."""

import contextlib
import threading
from collections.abc import Callable, Iterator

PATIENCE_SECONDS = 5.0


class StillBusy(Exception):
    """Whoever was asked to end has not done so in time."""


class Turns:
    """Who is at work on what; a newcomer asks the one before to end."""

    def __init__(self, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Begin with nobody at work."""
        self._patience = patience_seconds
        self._changed = threading.Condition()
        self._held: dict[str, Callable[[], None]] = {}

    @contextlib.contextmanager
    def hold(self, name: str, end: Callable[[], None]) -> Iterator[None]:
        """Be the only one at work on `name`.

        Args:
            name: of the thing.
            end: called, in another thread, when somebody else wants to have it.

        Raises:
            StillBusy: the one before did not end in time.
        """
        with self._changed:
            if name in self._held:
                self._held[name]()
            if not self._changed.wait_for(lambda: name not in self._held, self._patience):
                raise StillBusy(name)
            self._held[name] = end
        try:
            yield
        finally:
            with self._changed:
                del self._held[name]
                self._changed.notify_all()
