"""How many slots a pool has on this host, which these are, and whom each works for.

The slots that are kept are named in a file. A name there that nobody holds is taken by the next slot process without
work; a slot whose name is gone leaves its manager by the gate, and gives its place up once no task runs in it. So a
number grows without touching what runs, and shrinks without ending a task.
"""

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path

from lmsvc.doorbell import ring
from lmsvc.files import write_json
from lmsvc.worker import share
from lmsvc.worker.files import PoolFiles, SlotFiles, read_json

Record = share.Record


def kept_here(allocation: Record, host: str, otherwise: int) -> int:
    """Return how many slots an allocation keeps alive on a host; ``otherwise`` where it says nothing of that."""
    if allocation.get("keep") is None:
        return otherwise
    return max(0, int(allocation["keep"].get(host, 0)))


def limited(wanted: Sequence[share.Wanted], slots: int) -> list[share.Wanted]:
    """Return what managers get of ``slots`` slots: where they want more together, the first win."""
    result = []
    for manager, number in wanted:
        result.append(share.Wanted(manager, min(number, slots)))
        slots -= result[-1].slots
    return result


def stay(slots: Sequence[share.SlotView], assigned: Mapping[str, share.Manager | None], keep: int) -> frozenset[str]:
    """Return the names of the ``keep`` slots that stay: those with a manager, then those that are busy, then the rest.

    Args:
        slots: those there are; of equals the first stay.
        assigned: whom each is to work for.
        keep: how many stay.
    """

    def rank(slot: share.SlotView) -> tuple[bool, ...]:
        return assigned[slot.name] is None, not slot.busy, not slot.working, not slot.alive

    return frozenset(slot.name for slot in sorted(slots, key=rank)[:keep])


class Staff:
    """The slots of a pool on this host: those kept, and those that leave as soon as their task has ended."""

    def __init__(self, files: PoolFiles, host: str, keep: int) -> None:
        """Keep ``keep`` slots, and let them go on with the managers they had."""
        self._files = files
        self._host = host
        self._slots = {slot.name: slot for slot in self._numbered(keep, {})}
        self._kept = frozenset(self._slots)
        self._lost: dict[str, Mapping[str, int]] = {}
        self.states: dict[str, Record] = {}
        files.keep(self._slots)

    @property
    def keep(self) -> int:
        """How many slots are kept."""
        return len(self._kept)

    @property
    def processes(self) -> int:
        """How many slot processes there should be: one for each slot, and a spare as long as slots are kept."""
        return len(self._slots) + (1 if self._kept else 0)

    @property
    def holders(self) -> frozenset[int]:
        """The ids of the processes that are slots now."""
        return frozenset(int(state["pid"]) for state in self.states.values())

    @property
    def losses(self) -> list[Mapping[str, int]]:
        """How often tasks lost their worker, by slot, also in slots there were."""
        return list(self._lost.values())

    def look(self) -> None:
        """Read how the slots are, and forget those that have left."""
        read = {name: read_json(slot.state) for name, slot in self._slots.items()}
        self._lost.update({name: state.get("lost", {}) for name, state in read.items() if state})
        self.states = {name: state for name, state in read.items() if _lives(state)}
        there = self._kept | self.states.keys()
        self._slots = {name: slot for name, slot in self._slots.items() if name in there}

    def deploy(self, keep: int, wanted: Sequence[share.Wanted]) -> bool:
        """Keep ``keep`` slots and tell each whom to work for; return whether any works for anybody."""
        new = self._numbered(max(0, keep - len(self._slots)), self._slots)
        self._slots |= {slot.name: slot for slot in new}
        views = [_view(slot, self.states.get(name, {})) for name, slot in self._slots.items()]
        assigned = share.assign(views, limited(wanted, keep))
        for name, slot in self._slots.items():
            _tell(slot, assigned[name])
        self._name(stay(views, assigned, keep))
        return any(assigned.values())

    def _numbered(self, many: int, taken: Mapping[str, SlotFiles]) -> list[SlotFiles]:
        """Return slots of the lowest numbers that are not taken."""
        every = (self._files.slot(self._host, number) for number in itertools.count(1))
        return list(itertools.islice((slot for slot in every if slot.name not in taken), many))

    def _name(self, names: frozenset[str]) -> None:
        changed = names ^ self._kept
        if changed:
            self._kept = names
            self._files.keep([name for name in self._slots if name in names])
            for name in changed:
                ring(self._files.named(name).doorbell)


def _lives(state: Record) -> bool:
    return bool(state) and Path(f"/proc/{state['pid']}").exists()


def _view(slot: SlotFiles, state: Record) -> share.SlotView:
    assigned = read_json(slot.assignment).get("manager")
    working, busy = state.get("state", "idle") != "idle", state.get("task") is not None
    return share.SlotView(slot.name, assigned, bool(state), working, busy)


def _tell(slot: SlotFiles, manager: share.Manager | None) -> None:
    if read_json(slot.assignment) != {"manager": manager}:
        slot.make()
        write_json(slot.assignment, {"manager": manager})
        ring(slot.doorbell)
