"""What the pools are doing, as the catalog tells it: asked at most once a second, however many requests look."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lmsvc.cctools.catalog import CatalogClient, CatalogUnreachable
from lmsvc.web import told
from lmsvc.web.remembered import Remembered
from lmsvc.worker.report import AGENT_RECORD, has_ended, told_port

REFRESH_SECONDS = 1.0
STALE_SECONDS = 15.0


@dataclass(frozen=True)
class SlotView:
    """One slot: its state and the task it runs."""

    slot: str
    state: str
    task: str | None


@dataclass(frozen=True)
class HostView:
    """One pool's slots on one host.

    Attributes:
        host: its name.
        wanted: how many slots it is to keep.
        slots: those that are alive.
        watch: address and port where its agent tells what tasks print; None where it does not.
    """

    host: str
    wanted: int
    slots: tuple[SlotView, ...] = ()
    watch: tuple[str, int] | None = None

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
    """All pools at one moment.

    Attributes:
        reachable: whether the catalog answered.
        hosts: each pool's hosts that are heard from.
        allocations: what the leading controller told of each pool.
        tasks: each pool's tasks.
    """

    reachable: bool = False
    hosts: Mapping[str, tuple[HostView, ...]] = field(default_factory=dict)
    allocations: Mapping[str, told.Told] = field(default_factory=dict)
    tasks: Mapping[str, told.Tasks] = field(default_factory=dict)

    def slots(self, pool: str | None = None) -> tuple[int, int]:
        """Return idle and all slots of a pool, or of every pool."""
        views = [view for name, hosts in self.hosts.items() if pool in (None, name) for view in hosts]
        return sum(view.idle for view in views), sum(len(view.slots) for view in views)

    def lost(self, pool: str) -> dict[str, float]:
        """Return the hosts that a controller misses and nobody has heard from since, and when they were heard last."""
        heard = {host.host for host in self.hosts.get(pool, ())}
        lost = self.allocations[pool].lost if pool in self.allocations else {}
        return {host: moment for host, moment in lost.items() if host not in heard}


class Board:
    """The latest snapshot, shared by all threads."""

    def __init__(self, catalog: CatalogClient, controllers: Callable[[], Collection[str]]) -> None:
        """Read the catalog through this client; `controllers` returns the addresses whose records are believed."""
        self._catalog = catalog
        self._controllers = controllers
        self._snapshot = Remembered(self._ask, REFRESH_SECONDS)

    def snapshot(self) -> Snapshot:
        """Return the pools as of about `REFRESH_SECONDS` ago."""
        return self._snapshot.get()

    def _ask(self) -> Snapshot:
        try:
            records = self._catalog.query([AGENT_RECORD, told.ALLOCATION, told.DEMAND])
        except CatalogUnreachable:
            return Snapshot(reachable=False)
        now, controllers = self._catalog.now(), self._controllers()
        fresh = self._catalog.fresh(records, now, STALE_SECONDS)
        allocations = told.allocations(told.trusted(records, controllers))
        agents = hosts_by_pool(
            [record for record in fresh if record.get("type") == AGENT_RECORD and not has_ended(record)]
        )
        hosts = {pool: _as_told(views, allocations.get(pool), now) for pool, views in agents.items()}
        return Snapshot(True, hosts, allocations, told.tasks(told.trusted(fresh, controllers), now))


def _as_told(hosts: Sequence[HostView], allocation: told.Told | None, now: float) -> tuple[HostView, ...]:
    """Return hosts with the slots that a controller wants there now, which their agents may not have heard of yet."""
    if allocation is None or allocation.keep is None or now - allocation.heard > STALE_SECONDS:
        return tuple(hosts)
    return tuple(replace(host, wanted=allocation.keep.get(host.host, 0)) for host in hosts)


def hosts_by_pool(records: Sequence[Mapping[str, Any]]) -> dict[str, tuple[HostView, ...]]:
    """Return the agents' records as views, by pool."""
    hosts: dict[str, tuple[HostView, ...]] = {}
    for record in sorted(records, key=lambda record: str(record.get("host"))):
        pool = str(record.get("pool"))
        hosts[pool] = (*hosts.get(pool, ()), _host(record))
    return hosts


def _host(record: Mapping[str, Any]) -> HostView:
    slots = [_slot(slot) for slot in record.get("slots", []) if "slot" in slot]
    wanted = int(record.get("slots_wanted", len(slots)))
    return HostView(str(record.get("host")), wanted, tuple(slots), told_port(record, "watch"))


def _slot(state: Mapping[str, Any]) -> SlotView:
    task = state.get("task")
    return SlotView(str(state.get("slot")), str(state.get("state")), None if task is None else str(task))
