"""Work that one controller at a time does now and then, beside its jobs: in a thread, while it is on duty."""

import logging
import threading
import time
from collections.abc import Callable

from lmsvc.store.errors import StoreError

log = logging.getLogger(__name__)


class Duty:
    """Does something again and again while it is this controller's to do."""

    def __init__(self, name: str, seconds: float, work: Callable[[float], object]) -> None:
        """Prepare to work.

        Args:
            name: for the log.
            seconds: pause between two times.
            work: called with the time of day, epoch seconds.
        """
        self._name = name
        self._seconds = seconds
        self._work = work
        self._woken = threading.Event()
        self._stopping = False
        self.on = False
        """Whether it is this controller's to do."""

    def start(self) -> None:
        """Begin; the thread ends with the process."""
        threading.Thread(target=self._run, name=self._name, daemon=True).start()

    def wake(self) -> None:
        """End the pause: there is something to do."""
        self._woken.set()

    def stop(self) -> None:
        """Begin no more."""
        self._stopping = True
        self._woken.set()

    def _run(self) -> None:
        while True:
            self._woken.wait(self._seconds)
            self._woken.clear()
            if self._stopping:
                return
            if self.on:
                self._once()

    def _once(self) -> None:
        try:
            self._work(time.time())
        except (StoreError, OSError) as error:
            log.warning("%s: trying again: %s", self._name, error)
        except Exception:
            log.exception(self._name)
