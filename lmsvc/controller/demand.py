"""What managers ask for, as a controller tells the others in the catalog."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lmsvc.planning.allocation import ManagerDemand


@dataclass(frozen=True)
class Demand:
    """What one manager asks for, where it listens, and which password it was started with.

    Attributes:
        manager: what it asks for.
        port: where it listens.
        password: fingerprint of its pool's password; empty where that is not known.
        address: of its host as the catalog sees it; empty where that is not known.
        running: how many of its tasks are on a worker.
        waiting_since: when (epoch seconds) the task came that waits longest; None where none waits.
    """

    manager: ManagerDemand
    port: int
    password: str = ""
    address: str = ""
    running: int = 0
    waiting_since: float | None = None


def written(demands: Iterable[Demand], now: float) -> list[dict[str, Any]]:
    """Return demands as they are told in the catalog at a moment (epoch seconds)."""
    return [_written(demand, now) for demand in demands]


def _written(demand: Demand, now: float) -> dict[str, Any]:
    manager = demand.manager
    hosts = {} if manager.hosts is None else {"hosts": sorted(manager.hosts)}
    names = {name: getattr(manager, name) for name in ("project", "pool", "user", "job", "tasks", "lane")}
    since = demand.waiting_since
    waited = {} if since is None else {"waited": round(max(0.0, now - since), 1)}
    return {**names, **hosts, **waited, "port": demand.port, "password": demand.password, "running": demand.running}


def read(record: Mapping[str, Any]) -> tuple[Demand, ...]:
    """Return the demands a record of the catalog tells.

    Raises:
        ValueError: it is not as `written` writes it.
    """
    address = str(record.get("address", ""))
    try:
        return tuple(_read(entry, address) for entry in record["managers"])
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"unreadable demand: {error!r}") from error


def _read(entry: Mapping[str, Any], address: str) -> Demand:
    manager = ManagerDemand(
        project=str(entry["project"]),
        pool=str(entry["pool"]),
        user=str(entry["user"]),
        job=str(entry["job"]),
        tasks=int(entry["tasks"]),
        lane="small" if entry.get("lane") == "small" else "normal",
        hosts=frozenset(map(str, entry["hosts"])) if "hosts" in entry else None,
    )
    return Demand(manager, int(entry["port"]), str(entry.get("password", "")), address, int(entry.get("running", 0)))
