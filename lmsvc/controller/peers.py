"""The controllers of one service: each tells the others in the catalog what it asks for, and one leads.

The one with the smallest host name leads: it alone shares the slots out, among the managers of all. A record counts
only if it comes from a controller's address. Whoever is not heard from for a while is gone; what it asked for last goes
with it.
"""

import logging
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lmsvc.cctools.catalog import CatalogClient, CatalogUnreachable
from lmsvc.controller.demand import Demand, read, written

DEMAND_RECORD = "lm_demand"
FRESH_SECONDS = 10.0
REPEAT_SECONDS = 2.0
CHANGE_SECONDS, NEWS_SECONDS = 0.1, 1.0
"""Time between two changes told to a leader, and to those who only show them."""
RECORD_LIFETIME_SECONDS = 60

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Peer:
    """Another controller: when it was heard from (monotonic seconds), and what it asked for then."""

    heard: float
    demands: tuple[Demand, ...]


class Peers:
    """Knows the other controllers and tells them what this one asks for."""

    def __init__(self, catalog: CatalogClient, host: str, controllers: Collection[str]) -> None:
        """Know nobody yet.

        Args:
            catalog: where the records are.
            host: this controller's host name.
            controllers: addresses whose records count.
        """
        self._catalog = catalog
        self._host = host
        self._controllers = frozenset(controllers)
        self._peers: dict[str, _Peer] = {}
        self._told: tuple[float, tuple[Demand, ...]] = (float("-inf"), ())
        self.address = ""
        """This controller's own as the catalog sees it; empty until that is known."""

    def trusts(self, record: Mapping[str, Any]) -> bool:
        """Return whether a record comes from a controller."""
        return record.get("address") in self._controllers

    def take(self, records: Iterable[Mapping[str, Any]], now: float) -> None:
        """Take note of what the catalog has just answered."""
        trusted = [record for record in records if self.trusts(record)]
        for record in sorted(trusted, key=lambda record: float(record.get("lastheardfrom") or 0)):
            if record.get("type") == DEMAND_RECORD:
                self._note(record, now)

    def _note(self, record: Mapping[str, Any], now: float) -> None:
        host = str(record.get("host"))
        if host == self._host:
            self.address = str(record["address"])
        elif record.get("ended"):
            self._peers.pop(host, None)
        else:
            age = self._catalog.now() - float(record.get("lastheardfrom") or 0)
            try:
                self._peers[host] = _Peer(now - max(0.0, age), read(record))
            except ValueError as error:
                log.warning("controller %s: %s", host, error)

    def _live(self, now: float) -> dict[str, _Peer]:
        self._peers = {host: peer for host, peer in self._peers.items() if now - peer.heard <= FRESH_SECONDS}
        return self._peers

    def count(self, now: float) -> int:
        """Return how many controllers there are, this one included."""
        return 1 + len(self._live(now))

    def leads(self, now: float) -> bool:
        """Return whether this controller shares the slots out."""
        return all(self._host < host for host in self._live(now))

    def demands(self, now: float) -> list[Demand]:
        """Return what the managers of the other controllers ask for."""
        return [demand for peer in self._live(now).values() for demand in peer.demands]

    def tell(self, demands: Sequence[Demand], now: float) -> None:
        """Tell the others what this one asks for: now and then, and soon after a change, most so where one leads."""
        before, told = self._told
        asked = tuple(demands)
        pause = REPEAT_SECONDS
        if asked != told:
            pause = NEWS_SECONDS if self.leads(now) else CHANGE_SECONDS
        if now - before >= pause:
            self._told = now, asked
            self._send({"managers": written(asked, time.time()), "lifetime": RECORD_LIFETIME_SECONDS})

    def leave(self) -> None:
        """Tell the others that this controller ends."""
        self._send({"managers": [], "ended": True, "lifetime": 1})

    def _send(self, content: Mapping[str, Any]) -> None:
        head = {"type": DEMAND_RECORD, "uuid": f"demand-{self._host}", "port": 0, "host": self._host}
        try:
            self._catalog.update({**head, **content})
        except CatalogUnreachable:
            return
