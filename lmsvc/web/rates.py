"""How fast requests may come: so many at once, then so many in a second, of each user and each address."""

import ipaddress
import math
import threading
import time

from lmsvc.settings import RateSettings
from lmsvc.web.problems import Problem

_MOST_KEYS = 10_000


class Pace:
    """A bound for each key: `burst` events at once, later one every `1 / per_second` seconds."""

    def __init__(self, per_second: float, burst: int) -> None:
        """Begin with every key at rest; a rate of 0 binds nothing."""
        self._gap = 1 / per_second if per_second else 0.0
        self._room = self._gap * burst
        self._due: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, key: str, now: float) -> float:
        """Count an event; return 0, or the seconds until there is room for it, in which case it does not count."""
        with self._lock:
            if len(self._due) > _MOST_KEYS:
                self._due = {each: due for each, due in self._due.items() if due > now}
            due = max(self._due.get(key, now), now) + self._gap
            if due - now > self._room + 1e-9:
                return due - now - self._room
            self._due[key] = due
            return 0.0


class Rates:
    """The bounds of one service."""

    def __init__(self, settings: RateSettings) -> None:
        """Begin with everybody at rest."""
        self._users = Pace(settings.user_per_second, settings.user_burst)
        self._addresses = Pace(settings.address_per_second, settings.address_burst)
        self._failures = Pace(settings.failures_per_minute / 60, settings.failures_burst)

    def note_user(self, user: str) -> None:
        """Count a request of a user.

        Raises:
            Problem: 429.
        """
        _require(self._users.wait(user, time.monotonic()), "Requests of this user")

    def note_address(self, address: str) -> None:
        """Count a request that names no user.

        Raises:
            Problem: 429.
        """
        _require(self._addresses.wait(network(address), time.monotonic()), "Requests without a token")

    def note_failure(self, address: str) -> None:
        """Count a wrong token.

        Raises:
            Problem: 429.
        """
        _require(self._failures.wait(network(address), time.monotonic()), "Wrong tokens")


def network(address: str) -> str:
    """Return what one party surely holds: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((address, 64), strict=False)) if parsed.version == 6 else str(parsed)


def _require(wait: float, what: str) -> None:
    if wait:
        seconds = str(math.ceil(wait))
        raise Problem(429, "too-many-requests", f"{what} come too fast.", headers={"Retry-After": seconds})
