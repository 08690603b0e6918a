"""What agents, managers and controllers of a cluster tell the catalog, the cluster being a pretended one."""

import functools
import math
from collections import Counter
from pathlib import Path
from typing import Any

from lmsvc.controller import board, peers
from lmsvc.worker.options import Options
from lmsvc.worker.report import Report, agent_record

POOLS, HOSTS, SLOTS, JOBS = ("occurrences", "sdm"), 25, 8, 5
"""Each pool on each host is one agent with so many slots; at work each pool has so many jobs."""
TURN_SECONDS, PAUSE_SECONDS = 5.0, 0.05
"""A busy slot begins a task this often, about as long as a batch is made to be, and has none for a moment before."""
MANAGER_FIGURES = 70
"""So many figures a manager's record holds beside the few that anybody here reads."""
CONTROLLER = "127.0.0.1"
PASSWORD, SINCE = "0123456789abcdef", 1_800_000_000.123

Record = dict[str, Any]


@functools.cache
def managers(pool: str) -> tuple[Record, ...]:
    """Return the managers of a pool at work, as slots know them."""
    first = 9200 + JOBS * POOLS.index(pool)
    names = [(f"lm-{pool}-{first + number:032x}-1-1-1", first + number) for number in range(JOBS)]
    common = {"address": CONTROLLER, "started": 1_800_000_000, "password": PASSWORD}
    return tuple({"project": project, "port": port, **common} for project, port in names)


def manager_of(pool: str, host: int, slot: int) -> Record:
    """Return the manager that a slot works for; those of a pool share its slots equally."""
    return managers(pool)[(host * SLOTS + slot) * JOBS // (HOSTS * SLOTS)]


@functools.cache
def turns(host: int) -> tuple[float, ...]:
    """Return how far (seconds) each slot of a host is ahead in its turn, a task and the moment before it."""
    return tuple(TURN_SECONDS * ((host * SLOTS + slot) * 0.618034 % 1) for slot in range(SLOTS))


def slot_states(pool: str, host: int, now: float, *, busy: bool) -> tuple[Record, ...]:
    """Return what the slots of a pool on a host say of themselves at a moment (seconds from anywhere).

    A busy one has no task for `PAUSE_SECONDS` of its turn, and one for the rest; they do not begin together.
    """
    own = [{"slot": f"{slot:03d}", "pid": 1000 + slot, "since": SINCE, "lost": {}} for slot in range(SLOTS)]
    if not busy:
        return tuple({**one, "state": "idle", "manager": None, "task": None} for one in own)
    return tuple(
        {**one, "state": "working", "manager": manager, "task": _task(manager, one["slot"], now + ahead)}
        for one, ahead, slot in zip(own, turns(host), range(SLOTS), strict=True)
        for manager in (manager_of(pool, host, slot),)
    )


def _task(manager: Record, slot: object, now: float) -> str | None:
    turn, elapsed = divmod(now, TURN_SECONDS)
    return f"{manager['project']}/{slot}-{turn:09.0f}" if elapsed >= PAUSE_SECONDS else None


def until_change(host: int, now: float) -> float:
    """Return the seconds until one of a host's busy slots begins or ends a task."""
    gone = [(now + ahead) % TURN_SECONDS for ahead in turns(host)]
    return min((PAUSE_SECONDS if one < PAUSE_SECONDS else TURN_SECONDS) - one for one in gone)


@functools.cache
def options(pool: str, host: int) -> Options:
    """Return the options that the agent of a pool on a host is started with."""
    nowhere = Path("/nowhere")
    return Options(
        pool=pool,
        pool_dir=nowhere,
        host=host_name(host),
        slots=SLOTS,
        catalog=("127.0.0.1", 0),
        controllers=frozenset({CONTROLLER}),
        password_file=nowhere,
        previous_password_file=None,
        cores=1,
        memory_mb=2000,
        disk_mb=5000,
        host_cores=len(POOLS) * SLOTS,
        host_memory_mb=len(POOLS) * SLOTS * 2000,
        path="",
        env={},
        idle_seconds=math.inf,
        retire_seconds=math.inf,
    )


def host_name(host: int) -> str:
    """Return the name of a host."""
    return f"worker{host:02d}"


def told(pool: str, host: int, report: Report) -> Record:
    """Return the record of the agent of a pool on a host."""
    return agent_record(options(pool, host), report, {}, [PASSWORD], {"bell": 9, "watch": 9})


def demand_record(*, busy: bool) -> Record:
    """Return what the controller asks for."""
    head = {"type": peers.DEMAND_RECORD, "uuid": "demand-controller", "port": 0, "host": "controller"}
    asked = [_asked(pool, manager) for pool in POOLS for manager in managers(pool)] if busy else []
    return {**head, "managers": asked, "lifetime": peers.RECORD_LIFETIME_SECONDS}


def _asked(pool: str, manager: Record) -> Record:
    what = {"project": manager["project"], "pool": pool, "user": "user", "job": manager["project"][-32:]}
    return {**what, "tasks": 300, "lane": "normal", "waited": 12.3, "port": manager["port"], "running": 40}


def allocation_record(pool: str, serial: int, *, busy: bool) -> Record:
    """Return the allocation of a pool: all its slots are kept, and shared by its jobs where it has work."""
    shares = {manager["project"]: _share(pool, manager) for manager in managers(pool)} if busy else {}
    head = {"type": board.ALLOCATION_RECORD, "uuid": f"allocation-{pool}", "port": 0, "pool": pool, "serial": serial}
    keep = {host_name(host): SLOTS for host in range(HOSTS)}
    return {**head, "lifetime": board.RECORD_LIFETIME_SECONDS, "managers": shares, "refuse": {}, "keep": keep}


def _share(pool: str, manager: Record) -> Record:
    places = [(host, slot) for host in range(HOSTS) for slot in range(SLOTS)]
    hosts = Counter(host_name(host) for host, slot in places if manager_of(pool, host, slot) is manager)
    return {"port": manager["port"], "hosts": hosts, "address": CONTROLLER, "password": PASSWORD}


def manager_record(manager: Record) -> Record:
    """Return a makeflow's record, with as many figures as Work Queue puts into one."""
    figures = {f"figure_of_tasks_{number:02d}": 1000 + number for number in range(MANAGER_FIGURES)}
    about = {"project": manager["project"], "port": manager["port"], "starttime": manager["started"]}
    return {"type": "wq_master", "owner": "lmsvc", "version": "7.14.5", "lifetime": 120, **about, **figures}
