"""What controllers tell in the catalog: how many slots are kept where and why, and the tasks that wait and run."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

ALLOCATION, DEMAND = "lm_allocation", "lm_demand"

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Action:
    """A change of a pool's slots: when (epoch seconds), from and to how many, and why."""

    time: float
    before: int
    after: int
    reason: str


@dataclass(frozen=True)
class Told:
    """What the leading controller told of a pool.

    Attributes:
        heard: when it was told, epoch seconds.
        keep: slots to keep alive by host; None where it does not say.
        action: the last scaling action.
        lost: hosts that are not heard from, and when they were last.
    """

    heard: float
    keep: Mapping[str, int] | None = None
    action: Action | None = None
    lost: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Tasks:
    """A pool's tasks by what they do, and how long the oldest of those that wait has waited."""

    waiting: int = 0
    running: int = 0
    oldest_seconds: float | None = None

    def plus(self, other: "Tasks") -> "Tasks":
        """Return the tasks of both."""
        ages = [age for age in (self.oldest_seconds, other.oldest_seconds) if age is not None]
        return Tasks(self.waiting + other.waiting, self.running + other.running, max(ages, default=None))


def trusted(records: Iterable[Record], controllers: Collection[str]) -> list[Record]:
    """Return the records that come from controllers' addresses."""
    return [record for record in records if record.get("address") in controllers]


def allocations(records: Iterable[Record]) -> dict[str, Told]:
    """Return the newest allocation of each pool; what cannot be read does not count."""
    found: dict[str, Told] = {}
    own = (record for record in records if record.get("type") == ALLOCATION)
    for record in sorted(own, key=_order):
        try:
            found[str(record["pool"])] = _told(record)
        except (KeyError, TypeError, ValueError, AttributeError):
            continue
    return found


def _order(record: Record) -> tuple[float, float]:
    return float(record.get("lastheardfrom") or 0), float(record.get("serial") or 0)


def _told(record: Record) -> Told:
    keep, action = record.get("keep"), record.get("action")
    return Told(
        heard=float(record.get("lastheardfrom") or 0),
        keep=None if keep is None else {str(host): int(slots) for host, slots in keep.items()},
        action=_action(action) if action else None,
        lost={str(host): float(heard) for host, heard in record.get("lost", {}).items()},
    )


def _action(told: Record) -> Action:
    return Action(float(told["time"]), int(told["from"]), int(told["to"]), str(told["reason"]))


def tasks(records: Iterable[Record], now: float) -> dict[str, Tasks]:
    """Return each pool's tasks as all controllers tell of them.

    Args:
        records: fresh ones; what cannot be read does not count.
        now: by the catalog's clock.
    """
    found: dict[str, Tasks] = {}
    for record in (record for record in records if record.get("type") == DEMAND):
        age = max(0.0, now - float(record.get("lastheardfrom") or now))
        for pool, some in _tasks(record):
            waited = None if some.oldest_seconds is None else some.oldest_seconds + age
            found[pool] = found.get(pool, Tasks()).plus(replace(some, oldest_seconds=waited))
    return found


def _tasks(record: Record) -> list[tuple[str, Tasks]]:
    try:
        return [(str(entry["pool"]), _of_manager(entry)) for entry in record["managers"]]
    except (KeyError, TypeError, ValueError, AttributeError):
        return []


def _of_manager(entry: Record) -> Tasks:
    running = int(entry.get("running", 0))
    waited = float(entry["waited"]) if "waited" in entry else None
    return Tasks(max(0, int(entry["tasks"]) - running), running, waited)
