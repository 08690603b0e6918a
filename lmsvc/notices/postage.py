"""How many mails an address gets in an hour: nobody's mailbox is flooded, whoever named it."""

from collections import deque

_HOUR = 3600.0


class Postage:
    """Counts mails by address."""

    def __init__(self, per_hour: int) -> None:
        """Allow so many to one address in an hour."""
        self._per_hour = per_hour
        self._sent: dict[str, deque[float]] = {}

    def take(self, to: str, now: float) -> bool:
        """Return whether another mail may go to an address now, and count it if so."""
        self._sent = {known: times for known, times in self._sent.items() if times[-1] > now - _HOUR}
        times = self._sent.get(to.lower(), deque(maxlen=self._per_hour))
        if len(times) == self._per_hour and times[0] > now - _HOUR:
            return False
        times.append(now)
        self._sent[to.lower()] = times
        return True
