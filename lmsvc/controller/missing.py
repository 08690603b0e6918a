"""Hosts whose agents fell silent without a last word."""

from collections.abc import Iterable, Mapping
from typing import Any

from lmsvc.worker.report import AGENT_RECORD, has_ended

SILENT_SECONDS = 15.0
FORGET_SECONDS = 600.0
"""A host not heard from for this long is no longer spoken of."""


class Missing:
    """Remembers when each agent was heard from last, longer than the catalog does."""

    def __init__(self) -> None:
        """Begin with nobody known."""
        self._heard: dict[tuple[str, str], float] = {}

    def note(self, records: Iterable[Mapping[str, Any]], now: float) -> None:
        """Take note of what the catalog shows, old records too; ``now`` by its clock, in epoch seconds."""
        own = [record for record in records if record.get("type") == AGENT_RECORD]
        for record in sorted(own, key=lambda record: float(record.get("lastheardfrom") or 0)):
            key = (str(record.get("pool")), str(record.get("host")))
            self._heard[key] = float("-inf") if has_ended(record) else float(record.get("lastheardfrom") or 0)
        self._heard = {key: heard for key, heard in self._heard.items() if now - heard <= FORGET_SECONDS}

    def lost(self, now: float) -> dict[str, dict[str, float]]:
        """Return by pool the hosts that fell silent, and when they were heard from last."""
        found: dict[str, dict[str, float]] = {}
        for (pool, host), heard in sorted(self._heard.items()):
            if now - heard > SILENT_SECONDS:
                found.setdefault(pool, {})[host] = heard
        return found
