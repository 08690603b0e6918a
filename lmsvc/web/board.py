"""What the pools are doing, as the catalog tells it: asked at most once a second, however many requests look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lmsvc.cctools.catalog import CatalogClient, CatalogUnreachable
from lmsvc.web.remembered import Remembered

REFRESH_SECONDS = 1.0
STALE_SECONDS = 15.0
AGENT = "lm_agent"


@dataclass(frozen=True)
class SlotView:
    """One slot: its state and the task it runs."""

    slot: str
    state: str
    task: str | None


@dataclass(frozen=True)
class HostView:
    """One pool's slots on one host."""

    host: str
    wanted: int
    slots: tuple[SlotView, ...] = ()

    @property
    def busy(self) -> int:
        """Return how many slots run a task."""
        return sum(slot.task is not None for slot in self.slots)

    @property
    def idle(self) -> int:
        """Return how many slots wait for work."""
        return len(self.slots) - self.busy


@dataclass(frozen=True)
class Snapshot:
    """All pools' hosts at one moment; `reachable` says whether the catalog answered."""

    reachable: bool = False
    hosts: Mapping[str, tuple[HostView, ...]] = field(default_factory=dict)

    def slots(self, pool: str | None = None) -> tuple[int, int]:
        """Return idle and all slots of a pool, or of every pool."""
        views = [view for name, hosts in self.hosts.items() if pool in (None, name) for view in hosts]
        return sum(view.idle for view in views), sum(len(view.slots) for view in views)


class Board:
    """The latest snapshot, shared by all threads."""

    def __init__(self, catalog: CatalogClient) -> None:
        """Read the catalog through this client."""
        self._catalog = catalog
        self._snapshot = Remembered(self._ask, REFRESH_SECONDS)

    def snapshot(self) -> Snapshot:
        """Return the pools as of about `REFRESH_SECONDS` ago."""
        return self._snapshot.get()

    def _ask(self) -> Snapshot:
        try:
            records = self._catalog.query([AGENT])
        except CatalogUnreachable:
            return Snapshot(reachable=False)
        fresh = self._catalog.fresh(records, self._catalog.now(), STALE_SECONDS)
        return Snapshot(True, hosts_by_pool(fresh))


def hosts_by_pool(records: Sequence[Mapping[str, Any]]) -> dict[str, tuple[HostView, ...]]:
    """Return the agents' records as views, by pool."""
    hosts: dict[str, tuple[HostView, ...]] = {}
    for record in sorted(records, key=lambda record: str(record.get("host"))):
        pool = str(record.get("pool"))
        hosts[pool] = (*hosts.get(pool, ()), _host(record))
    return hosts


def _host(record: Mapping[str, Any]) -> HostView:
    slots = [_slot(slot) for slot in record.get("slots", []) if "slot" in slot]
    return HostView(str(record.get("host")), int(record.get("slots_wanted", len(slots))), tuple(slots))


def _slot(state: Mapping[str, Any]) -> SlotView:
    task = state.get("task")
    return SlotView(str(state.get("slot")), str(state.get("state")), None if task is None else str(task))
