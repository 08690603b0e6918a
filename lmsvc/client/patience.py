"""Trying again: with growing pauses, as long as it goes on at all."""

import time
from collections.abc import Callable

from lmsvc.client.errors import ApiError, ClientError, passes

PATIENCE_SECONDS = 60.0
"""How long the service may be away, for a restart, before it is given up."""
FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 5.0


class Patience:
    """How often, and how long, one thing is tried again."""

    def __init__(self, seconds: float = PATIENCE_SECONDS, passing: Callable[[ClientError], bool] = passes) -> None:
        """Give up `seconds` after the first failure since something was reached, or at once if it is not `passing`."""
        self._seconds = seconds
        self._passing = passing
        self.progressed()

    def progressed(self) -> None:
        """Begin to count anew: something was reached."""
        self._failing_since: float | None = None
        self._pause = FIRST_PAUSE_SECONDS

    def failed(self, error: ClientError) -> None:
        """Pause before the next try.

        Raises:
            ClientError: the error itself, where there is to be none.
        """
        now = time.monotonic()
        self._failing_since = self._failing_since or now
        if not self._passing(error) or now - self._failing_since > self._seconds:
            raise error
        asked = error.retry_after if isinstance(error, ApiError) else None
        time.sleep(max(self._pause, min(asked or 0.0, self._seconds)))
        self._pause = min(2 * self._pause, LONGEST_PAUSE_SECONDS)
