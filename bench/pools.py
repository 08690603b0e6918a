"""Pools as the service shows them, and which of them a measure may scale, and how far."""

import contextlib
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bench.cluster import Cluster, Room
from bench.context import Bench
from bench.processes import wait_until
from lmsvc.client import Client

LOOK_SECONDS = 0.1
REST_SECONDS = 180.0
PART_OF_MEMORY = 0.5
"""What of a host's memory is counted on; the system and the services of the host have the rest."""
Record = Mapping[str, Any]


class NotPossible(Exception):
    """This cluster is not one that can be measured so, and why."""


@dataclass(frozen=True)
class Chosen:
    """A pool to be scaled, and the most slots it may have then."""

    name: str
    most: int


def largest(pools: Iterable[Record], rooms: Mapping[str, Room]) -> Chosen:
    """Return the pool that may have most slots, with as many of them as fit beside the least slots of the others.

    Args:
        pools: as the service shows them.
        rooms: what each worker host has.

    Raises:
        NotPossible: no pool has room for two slots.
    """
    known = [pool for pool in pools if pool["max"]]
    pool = max(known, key=lambda one: (one["max"], one["name"]), default=None)
    if pool is None:
        raise NotPossible("the service has no pool that may have slots")
    serving = [rooms[host["host"]] for host in pool["hosts"] if host["serves"]]
    fitting = sum(_fitting(pool, room) for room in serving)
    others = sum(math.ceil(one["min"] * one["cores"] / pool["cores"]) for one in known if one is not pool)
    most = min(int(pool["max"]), fitting - others)
    if most <= 1:
        raise NotPossible(f"pool {pool['name']} has room for {most} slots on {len(serving)} hosts: 2 are needed")
    return Chosen(str(pool["name"]), most)


def _fitting(pool: Record, room: Room) -> int:
    return int(min(room.cores // pool["cores"], PART_OF_MEMORY * room.memory_mb // pool["memory_mb"]))


def wait_for_pools(client: Client, what: str, seconds: float, holds: Callable[[Mapping[str, Record]], bool]) -> None:
    """Ask the service a few times a second until its pools, by name, are as they should be.

    Raises:
        TooSlow: they were not within ``seconds``.
    """

    def look() -> bool:
        if holds({str(pool["name"]): pool for pool in client.pools()}):
            return True
        time.sleep(LOOK_SECONDS)
        return False

    wait_until(what, look, seconds)


def wait_for_rest(client: Client) -> None:
    """Wait until nothing runs or waits in any pool.

    Raises:
        TooSlow: somebody else works on this cluster.
    """
    wait_for_pools(client, "the cluster at rest", REST_SECONDS, lambda pools: all(map(_rests, pools.values())))


def _rests(pool: Record) -> bool:
    return not pool["busy"] and not pool["tasks_waiting"] and not pool["tasks_running"]


@contextlib.contextmanager
def idle_cluster(bench: Bench) -> Iterator[tuple[Cluster, Client, Chosen]]:
    """Give the installed cluster at rest, a client of it, and its largest pool, whose bounds may be changed.

    Raises:
        NotPossible: no pool is large enough.
        TooSlow: somebody else works on this cluster.
    """
    cluster = bench.lab.installed()
    with cluster.client() as client:
        wait_for_rest(client)
        chosen = largest(client.pools(), cluster.rooms())
        with cluster.other_bounds():
            yield cluster, client, chosen
