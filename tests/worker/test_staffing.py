"""How many slots are kept, and which."""

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lmsvc.files import write_json
from lmsvc.worker.files import PoolFiles, read_json
from lmsvc.worker.share import SlotView, Wanted, assign
from lmsvc.worker.staffing import Staff, kept_here, limited, stay


def _manager(number: int) -> dict[str, Any]:
    return {"project": f"lm-p-{number}", "address": "10.0.0.1", "port": 9200 + number, "started": 1}


def _view(number: int, manager: int | None = None, *, busy: bool = False, alive: bool = True) -> SlotView:
    return SlotView(f"h-{number}", None if manager is None else _manager(manager), alive, manager is not None, busy)


views = st.lists(st.tuples(st.none() | st.integers(0, 2), st.booleans()), max_size=8).map(
    lambda drawn: [_view(n, manager, busy=busy and manager is not None) for n, (manager, busy) in enumerate(drawn)]
)
wishes = st.dictionaries(st.integers(0, 2), st.integers(0, 5), max_size=3).map(
    lambda drawn: [Wanted(_manager(number), slots) for number, slots in drawn.items()]
)


@given(views, wishes, st.integers(0, 10))
def test_as_many_stay_as_are_kept_and_no_other_works(slots: list[SlotView], wanted: list[Wanted], keep: int) -> None:
    """Exactly the number kept stays, as far as there are as many, and whoever is given a manager is among them."""
    assigned = assign(slots, limited(wanted, keep))
    names = stay(slots, assigned, keep)
    assert len(names) == min(keep, len(slots))
    assert {name for name, manager in assigned.items() if manager} <= names


@given(views, wishes, st.integers(0, 10))
def test_no_busy_slot_goes_while_an_idle_one_stays_without_need(
    slots: list[SlotView], wanted: list[Wanted], keep: int
) -> None:
    """A slot with a task goes only when all that stay have a task too, or a manager to work for."""
    assigned = assign(slots, limited(wanted, keep))
    names = stay(slots, assigned, keep)
    if any(slot.busy for slot in slots if slot.name not in names):
        assert all(slot.busy or assigned[slot.name] for slot in slots if slot.name in names)


def test_first_managers_win() -> None:
    """Where managers are given more slots than are kept, the first get theirs."""
    wanted = [Wanted(_manager(0), 2), Wanted(_manager(1), 2), Wanted(_manager(2), 1)]
    assert [one.slots for one in limited(wanted, 3)] == [2, 1, 0]


def test_dead_slots_go_first() -> None:
    """Of slots without work the one without a process goes before one that lives."""
    slots = [_view(1, alive=False), _view(2), _view(3, 0, busy=True)]
    assert stay(slots, dict.fromkeys(slot.name for slot in slots), 2) == {"h-2", "h-3"}


def test_an_allocation_says_what_is_kept() -> None:
    """A host that is left out keeps none; where nothing is said of keeping, the number stays as it is."""
    assert kept_here({"keep": {"h": 3, "i": 1}}, "h", 7) == 3
    assert kept_here({"keep": {"i": 1}}, "h", 7) == 0
    assert kept_here({"keep": {"h": -2}}, "h", 7) == 0
    assert kept_here({"managers": {}}, "h", 7) == 7
    assert kept_here({}, "h", 7) == 7


def _staff(directory: Path, keep: int) -> tuple[PoolFiles, Staff]:
    files = PoolFiles(directory)
    files.make()
    return files, Staff(files, "h", keep)


def _live(files: PoolFiles, name: str, **more: object) -> None:
    """Let a slot be held by a process that lives."""
    files.named(name).make()
    write_json(files.named(name).state, {"pid": 1, "state": "working", "lost": {}, **more})


def test_slots_that_grow_take_free_numbers(tmp_path: Path) -> None:
    """A slot that stays keeps its number, and those that come take the lowest that are free."""
    files, staff = _staff(tmp_path, 3)
    _live(files, "h-3", task="a/b")
    staff.look()
    staff.deploy(1, [])
    staff.look()
    assert (files.kept_slots(), staff.keep, staff.processes) == (["h-3"], 1, 2)
    staff.deploy(3, [Wanted(_manager(0), 1)])
    assert (set(files.kept_slots() or ()), staff.processes) == ({"h-1", "h-2", "h-3"}, 4)
    assert read_json(files.named("h-3").assignment) == {"manager": _manager(0)}


def test_leaving_slots_count_until_they_have_left(tmp_path: Path) -> None:
    """A slot with a task keeps its process though it is kept no longer, and can be kept again."""
    files, staff = _staff(tmp_path, 2)
    for name in ("h-1", "h-2"):
        _live(files, name, task="a/b")
    staff.look()
    assert not staff.deploy(0, [Wanted(_manager(0), 2)])
    staff.look()
    assert (files.kept_slots(), staff.keep, staff.processes, len(staff.states)) == ([], 0, 2, 2)
    files.named("h-1").forget_work()
    staff.look()
    assert (staff.processes, list(staff.states)) == (1, ["h-2"])
    assert staff.deploy(1, [Wanted(_manager(0), 1)])
    assert (files.kept_slots(), staff.processes) == (["h-2"], 2)


def test_losses_outlive_their_slot(tmp_path: Path) -> None:
    """What was lost in a slot counts on when there is no such slot any more."""
    files, staff = _staff(tmp_path, 1)
    _live(files, "h-1", lost={"a/b": 2})
    staff.look()
    staff.deploy(0, [])
    write_json(files.named("h-1").state, {"pid": 0, "lost": {"a/b": 2}})
    staff.look()
    staff.look()
    assert (staff.losses, staff.processes) == ([{"a/b": 2}], 0)
