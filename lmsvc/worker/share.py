"""Which slot works for which manager: pure functions from catalog records to assignments."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

Record = dict[str, Any]
Manager = dict[str, Any]
"""``{"project", "address", "port", "started"}``, as in a slot's ``assignment.json``, and where its allocation says so
``"password"``, the fingerprint of the password it was started with."""

MANAGER_TYPES = frozenset({"wq_master", "wq_manager"})
ALLOCATION_TYPE = "lm_allocation"


class Wanted(NamedTuple):
    """How many of this host's slots a manager gets."""

    manager: Manager
    slots: int


class SlotView(NamedTuple):
    """What the agent knows of a slot: its last assignment, and whether it is there, has a worker, runs a task."""

    name: str
    assigned: Manager | None
    alive: bool
    working: bool
    busy: bool


def newest_allocation(records: Iterable[Record], pool: str, controllers: Collection[str]) -> Record | None:
    """Return the allocation of a pool that a controller sent last; records from other addresses do not count."""
    own = [
        record
        for record in records
        if record.get("type") == ALLOCATION_TYPE and record.get("pool") == pool and _trusted(record, controllers)
    ]
    return max(own, key=lambda record: (record.get("lastheardfrom", 0), record.get("serial", 0)), default=None)


def registered_managers(
    records: Iterable[Record], controllers: Collection[str], entries: Mapping[tuple[str, int], Record]
) -> dict[tuple[str, int], Manager]:
    """Return the managers that run on controllers, by project and port; of several, the one started last.

    Args:
        records: of the catalog.
        controllers: addresses that are believed.
        entries: what the allocation says of managers; one that names an address means only the manager there.
    """
    found: dict[tuple[str, int], Manager] = {}
    own = (record for record in records if record.get("type") in MANAGER_TYPES and _trusted(record, controllers))
    for record in sorted(own, key=lambda record: float(record.get("starttime") or 0)):
        project, port = str(record.get("project")), int(record.get("port") or 0)
        place = {"project": project, "address": record["address"], "port": port}
        entry = entries.get((project, port), {})
        manager = {**place, "started": record.get("starttime"), **_password(entry)}
        if is_meant(manager, entry):
            found[project, port] = manager
    return found


def is_meant(manager: Manager, entry: Record) -> bool:
    """Return whether an entry of an allocation speaks of this manager rather than of another by the same name."""
    here = entry.get("address", manager["address"]) == manager["address"]
    return here and manager.get("password") == _password(entry).get("password")


def _trusted(record: Record, controllers: Collection[str]) -> bool:
    return record.get("address") in controllers


def _password(entry: Record) -> dict[str, str]:
    return {"password": str(entry["password"])} if entry.get("password") else {}


def entries(allocation: Record | None) -> dict[tuple[str, int], Record]:
    """Return what an allocation says of each manager, by project and port."""
    managers = allocation.get("managers", {}) if allocation else {}
    return {(project, int(entry["port"])): entry for project, entry in managers.items()}


def listed(allocation: Record | None, host: str) -> dict[tuple[str, int], int]:
    """Return the slots of this host that an allocation gives to each manager, by project and port."""
    shares = {key: int(entry["hosts"].get(host, 0)) for key, entry in entries(allocation).items()}
    return {key: slots for key, slots in shares.items() if slots > 0}


def assign(slots: Sequence[SlotView], wanted: Sequence[Wanted]) -> dict[str, Manager | None]:
    """Return who works for whom, moving as few slots as possible, idle ones first and busy ones last.

    Args:
        slots: all slots of this host.
        wanted: the managers and their numbers of slots; where the numbers add up to more than there are, the first win.

    Returns:
        A manager or None for each slot's name.
    """
    result: dict[str, Manager | None] = dict.fromkeys(slot.name for slot in slots)
    need = {_key(one.manager): one.slots for one in wanted}
    managers = {_key(one.manager): one.manager for one in wanted}
    free: list[SlotView] = []
    for slot in sorted(slots, key=lambda slot: (not slot.busy, not slot.working, not slot.alive)):
        key = _key(slot.assigned) if slot.assigned else None
        if key in need and need[key] > 0:
            need[key] -= 1
            result[slot.name] = managers[key]
        else:
            free.append(slot)
    free.sort(key=lambda slot: (not slot.alive, slot.busy, slot.working))
    for slot, manager in _paired(free, need, managers):
        result[slot.name] = manager
    return result


def _key(manager: Manager) -> tuple[str, int]:
    return manager["project"], manager["port"]


def _paired(
    free: Sequence[SlotView], need: Mapping[tuple[str, int], int], managers: Mapping[tuple[str, int], Manager]
) -> Iterable[tuple[SlotView, Manager]]:
    queue = [managers[key] for key, slots in need.items() for _ in range(slots)]
    return zip(free, queue, strict=False)
