"""Which slot works for whom."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lmsvc.worker.share import (
    SlotView,
    Wanted,
    assign,
    entries,
    is_meant,
    listed,
    newest_allocation,
    registered_managers,
)

CONTROLLERS = frozenset({"10.0.0.1"})


def _manager(number: int) -> dict[str, Any]:
    return {"project": f"lm-p-{number}", "address": "10.0.0.1", "port": 9200 + number, "started": 1}


slots = st.lists(
    st.tuples(st.none() | st.integers(0, 3), st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=8
).map(
    lambda drawn: [
        SlotView(f"h-{n}", None if manager is None else _manager(manager), *flags)
        for n, (manager, *flags) in enumerate(drawn)
    ]
)
wishes = st.dictionaries(st.integers(0, 3), st.integers(1, 5), max_size=4).map(
    lambda drawn: [Wanted(_manager(number), slots) for number, slots in drawn.items()]
)


@given(slots, wishes)
def test_every_manager_gets_its_slots_as_far_as_they_go(views: list[SlotView], wanted: list[Wanted]) -> None:
    """All slots work if enough are wanted, and nobody gets more than wanted."""
    given_to = Counter(manager["port"] for manager in assign(views, wanted).values() if manager)
    shares = {one.manager["port"]: one.slots for one in wanted}
    assert all(number <= shares[port] for port, number in given_to.items())
    assert given_to.total() == min(len(views), sum(shares.values()))


@given(slots, wishes)
def test_no_slot_moves_without_need(views: list[SlotView], wanted: list[Wanted]) -> None:
    """A slot leaves its manager only if that manager has as many others as it wants."""
    result = assign(views, wanted)
    shares = {one.manager["port"]: one.slots for one in wanted}
    for view in views:
        assigned = result[view.name]
        if view.assigned and assigned != view.assigned:
            port = view.assigned["port"]
            held = [name for name, manager in result.items() if manager and manager["port"] == port]
            assert len(held) == shares.get(port, 0)


def test_busy_slots_stay_and_idle_ones_go_first() -> None:
    """Of two slots of one manager the busy one stays; a new manager gets an idle slot before a dead one."""
    views = [
        SlotView("busy", _manager(0), alive=True, working=True, busy=True),
        SlotView("waiting", _manager(0), alive=True, working=True, busy=False),
        SlotView("dead", None, alive=False, working=False, busy=False),
        SlotView("idle", None, alive=True, working=False, busy=False),
    ]
    result = assign(views, [Wanted(_manager(0), 1), Wanted(_manager(1), 1)])
    assert result == {"busy": _manager(0), "waiting": None, "dead": None, "idle": _manager(1)}


def test_restarted_manager_replaces_itself() -> None:
    """A slot of a manager that was started again gets the new start, so its worker is started again too."""
    again = {**_manager(0), "started": 2}
    views = [SlotView("one", _manager(0), alive=True, working=True, busy=False)]
    assert assign(views, [Wanted(again, 1)]) == {"one": again}


def test_only_controllers_are_believed() -> None:
    """Managers and allocations from other addresses do not count; of several, the newest does."""
    manager = {"type": "wq_master", "project": "lm-p-1", "port": 9201, "address": "10.0.0.1", "starttime": 5}
    records: list[dict[str, Any]] = [
        {**manager, "address": "10.9.9.9"},
        {**manager, "starttime": 7},
        manager,
        {"type": "wq_master", "starttime": "never", "port": "none"},
    ]
    found = registered_managers(records, CONTROLLERS, {})
    assert found == {("lm-p-1", 9201): {**_manager(1), "started": 7}}
    allocation = {"type": "lm_allocation", "pool": "p", "address": "10.0.0.1", "lastheardfrom": 5, "serial": 1}
    several = [allocation, {**allocation, "serial": 2}, {**allocation, "lastheardfrom": 9, "address": "10.9.9.9"}]
    assert newest_allocation([*several, {**allocation, "pool": "q", "serial": 3}], "p", CONTROLLERS) == several[1]
    assert newest_allocation([], "p", CONTROLLERS) is None


def test_only_this_hosts_share_is_listed() -> None:
    """Managers without slots on this host are left out."""
    managers = {"a": {"port": 1, "hosts": {"h": 2, "i": 1}}, "b": {"port": 2, "hosts": {"i": 1}}}
    assert listed({"managers": managers}, "h") == {("a", 1): 2}
    assert listed(None, "h") == {}


def test_an_allocation_says_which_of_two_managers_is_meant() -> None:
    """Of managers of one name and port on two controllers the one at the allocation's address counts."""
    both = CONTROLLERS | {"10.0.0.2"}
    record = {"type": "wq_master", "project": "lm-p-1", "port": 9201, "address": "10.0.0.1", "starttime": 5}
    records = [record, {**record, "address": "10.0.0.2", "starttime": 9}]
    entry = {"port": 9201, "hosts": {"h": 1}, "address": "10.0.0.1", "password": "0123456789abcdef"}
    told = entries({"managers": {"lm-p-1": entry}})
    found = registered_managers(records, both, told)
    meant = {"project": "lm-p-1", "address": "10.0.0.1", "port": 9201, "started": 5, "password": entry["password"]}
    assert found == {("lm-p-1", 9201): meant}
    assert is_meant(meant, entry)
    assert not is_meant(meant, {**entry, "password": "another"})
    assert not is_meant(meant, {**entry, "address": "10.0.0.2"})
    assert registered_managers(records, both, {})["lm-p-1", 9201]["address"] == "10.0.0.2"
