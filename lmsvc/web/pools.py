"""Pools: the slots they should have, those they have, and the work that waits for them."""

from flask import Response
from pydantic import BaseModel, Field

from lmsvc.settings import PoolSettings
from lmsvc.web.answers import json_answer
from lmsvc.web.board import HostView, Snapshot
from lmsvc.web.demand import Demand, demand
from lmsvc.web.operations import Answer, Operation
from lmsvc.web.services import services


class SlotBody(BaseModel):
    """A slot and what it does."""

    slot: str
    state: str
    task: str | None = Field(description="`project/task`; null while it has none")


class HostBody(BaseModel):
    """The slots of a pool on one host."""

    host: str
    wanted: int
    idle: int
    busy: int
    slots: list[SlotBody]


class PoolBody(BaseModel):
    """A pool."""

    name: str
    categories: list[str] = Field(description="categories of tools it serves; `*` is all")
    cores: int | None = Field(description="per slot; null for a pool this service's configuration does not name")
    memory_mb: int | None = Field(description="per slot")
    disk_mb: int | None = Field(description="per slot")
    wanted: int = Field(description="slots it should have")
    slots: int = Field(description="slots it has")
    idle: int
    busy: int
    items_waiting: int = Field(description="items of running jobs that wait for a slot")
    items_running: int
    hosts: list[HostBody]


class PoolsBody(BaseModel):
    """All pools, and whether the catalog that tells of their slots can be reached."""

    catalog_reachable: bool
    pools: list[PoolBody]


def list_pools() -> Response:
    """List the pools with their hosts, slots and waiting work."""
    return json_answer(current_pools())


def current_pools() -> PoolsBody:
    """Return all pools as of now."""
    found = services()
    snapshot, work = found.board.snapshot(), demand(found.store)
    configured = found.page.pools()
    names = sorted({*configured, *snapshot.hosts})
    pools = [_pool(name, configured.get(name), snapshot, work) for name in names]
    return PoolsBody(catalog_reachable=snapshot.reachable, pools=pools)


def _pool(name: str, settings: PoolSettings | None, snapshot: Snapshot, work: Demand) -> PoolBody:
    hosts = snapshot.hosts.get(name, ())
    idle, slots = snapshot.slots(name)
    return PoolBody(
        name=name,
        categories=settings.categories if settings else [],
        cores=settings.cores if settings else None,
        memory_mb=settings.memory_mb if settings else None,
        disk_mb=settings.disk_mb if settings else None,
        wanted=sum(host.wanted for host in hosts) if hosts or not settings else settings.slots.min,
        slots=slots,
        idle=idle,
        busy=slots - idle,
        items_waiting=work.waiting.get(name, 0),
        items_running=work.running.get(name, 0),
        hosts=[_host(host) for host in hosts],
    )


def _host(host: HostView) -> HostBody:
    slots = [SlotBody(slot=slot.slot, state=slot.state, task=slot.task) for slot in host.slots]
    return HostBody(host=host.host, wanted=host.wanted, idle=host.idle, busy=host.busy, slots=slots)


OPERATIONS = (Operation("GET", "/api/v1/pools", list_pools, "pools", {200: Answer("All pools.", PoolsBody)}),)
