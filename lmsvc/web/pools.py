"""Pools: the slots they may, should and do have, why, and the work that waits for them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from flask import Response
from pydantic import BaseModel, Field

from lmsvc.settings import PoolSettings
from lmsvc.web.answers import json_answer
from lmsvc.web.board import HostView, Snapshot
from lmsvc.web.bodies import Moment
from lmsvc.web.demand import Demand, demand
from lmsvc.web.operations import Answer, Operation
from lmsvc.web.services import services
from lmsvc.web.told import Tasks


class SlotBody(BaseModel):
    """A slot and what it does."""

    slot: str
    state: str
    task: str | None = Field(description="`project/task`; null while it has none")


class HostBody(BaseModel):
    """The slots of a pool on one host."""

    host: str
    wanted: int = Field(description="slots to keep alive there now")
    idle: int
    busy: int
    serves: bool = Field(description="may have slots: on the pool's list of hosts if it has one, and not drained")
    drained: bool
    slots: list[SlotBody]


class LostHostBody(BaseModel):
    """A host that had slots of a pool and fell silent."""

    host: str
    last_heard: Moment


class ActionBody(BaseModel):
    """A change of the number of a pool's slots."""

    time: Moment
    before: int
    after: int
    reason: str = Field(description="what changed and why, in a sentence")


class PoolBody(BaseModel):
    """A pool."""

    name: str
    categories: list[str] = Field(description="categories of tools it serves; `*` is all")
    cores: int | None = Field(description="per slot; null for a pool this service's configuration does not name")
    memory_mb: int | None = Field(description="per slot")
    disk_mb: int | None = Field(description="per slot")
    gpus: int | None = Field(description="per slot")
    image: str | None = Field(description="worker image with its tools' programs; null for the site's own")
    backend: str | None = Field(description="what starts its slots: `factory` on its hosts, `slurm` the batch system")
    min: int | None = Field(description="slots kept alive without work, on all hosts together")
    max: int | None = Field(description="slots it may have, on all hosts together")
    wanted: int = Field(description="slots it should have now")
    slots: int = Field(description="slots it has")
    idle: int
    busy: int
    tasks_waiting: int = Field(description="tasks that could run now if they had a slot")
    tasks_running: int
    oldest_waiting_seconds: float | None = Field(description="since when the first of those waits; null for none")
    items_waiting: int = Field(description="items of running jobs that wait for a slot")
    items_running: int
    last_action: ActionBody | None = Field(description="the last change of its number of slots; null for none")
    hosts: list[HostBody]
    lost: list[LostHostBody] = Field(description="hosts not heard from for 15 s, for 10 minutes")


class PoolsBody(BaseModel):
    """All pools, and whether the catalog that tells of their slots can be reached."""

    catalog_reachable: bool
    drained: list[str] = Field(description="hosts that get no work until they are undrained")
    pools: list[PoolBody]


def list_pools() -> Response:
    """List the pools with their hosts, slots and waiting work."""
    return json_answer(current_pools())


def current_pools() -> PoolsBody:
    """Return all pools as of now."""
    found = services()
    view = _View(found.page.pools(), found.page.drained(), found.board.snapshot(), demand(found.store))
    names = sorted({*view.configured, *view.snapshot.hosts})
    return PoolsBody(
        catalog_reachable=view.snapshot.reachable,
        drained=sorted(view.drained),
        pools=[view.pool(name) for name in names],
    )


@dataclass(frozen=True)
class _View:
    """Everything known of the pools at one moment."""

    configured: Mapping[str, PoolSettings]
    drained: frozenset[str]
    snapshot: Snapshot
    work: Demand

    def pool(self, name: str) -> PoolBody:
        """Return what is told of a pool."""
        hosts, settings = self.snapshot.hosts.get(name, ()), self.configured.get(name)
        allocation = self.snapshot.allocations.get(name)
        tasks = self.snapshot.tasks.get(name, Tasks())
        idle, slots = self.snapshot.slots(name)
        lost = self.snapshot.lost(name).items()
        return PoolBody(
            name=name,
            **_shape(settings),
            wanted=sum(host.wanted for host in hosts) if hosts or not settings else settings.slots.min,
            slots=slots,
            idle=idle,
            busy=slots - idle,
            tasks_waiting=tasks.waiting,
            tasks_running=tasks.running,
            oldest_waiting_seconds=None if tasks.oldest_seconds is None else round(tasks.oldest_seconds, 1),
            items_waiting=self.work.waiting.get(name, 0),
            items_running=self.work.running.get(name, 0),
            last_action=ActionBody(**asdict(allocation.action)) if allocation and allocation.action else None,
            hosts=[self._host(host, settings) for host in hosts],
            lost=[LostHostBody.model_validate({"host": host, "last_heard": heard}) for host, heard in lost],
        )

    def _host(self, host: HostView, settings: PoolSettings | None) -> HostBody:
        slots = [SlotBody(slot=slot.slot, state=slot.state, task=slot.task) for slot in host.slots]
        drained = host.host in self.drained
        allowed = settings is not None and (settings.hosts is None or host.host in settings.hosts)
        return HostBody(
            host=host.host,
            wanted=host.wanted,
            idle=host.idle,
            busy=host.busy,
            serves=allowed and not drained,
            drained=drained,
            slots=slots,
        )


def _shape(settings: PoolSettings | None) -> dict[str, Any]:
    """Return what the pools page says of a pool: nothing of one that only the catalog knows."""
    if settings is None:
        names = ("cores", "memory_mb", "disk_mb", "gpus", "image", "backend", "min", "max")
        return {"categories": [], **dict.fromkeys(names)}
    own = {name: getattr(settings, name) for name in ("categories", "cores", "memory_mb", "disk_mb", "gpus", "backend")}
    return {**own, "image": settings.image or None, "min": settings.slots.min, "max": settings.slots.max}


OPERATIONS = (Operation("GET", "/api/v1/pools", list_pools, "pools", {200: Answer("All pools.", PoolsBody)}),)
