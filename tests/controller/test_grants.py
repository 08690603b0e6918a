"""Slots that a pool may still be using: granted or at work, until its agent has acknowledged less."""

from hypothesis import given
from hypothesis import strategies as st

from lmsvc.controller.grants import Grants


def test_a_grant_counts_from_the_moment_it_is_sent() -> None:
    """What an agent may use it may be using already, whatever it shows."""
    grants = Grants()
    grants.send("sdm", 1, {"one": 4})
    assert grants.held("sdm", "one", at_work=0) == 4
    assert grants.held("sdm", "one", at_work=6) == 6
    assert grants.held("sdm", "two", at_work=0) == 0
    assert grants.held("other", "one", at_work=0) == 0


def test_a_smaller_grant_counts_once_it_is_acknowledged() -> None:
    """Until the agent has applied the smaller grant, the larger one holds; work that goes on holds more."""
    grants = Grants()
    grants.send("sdm", 1, {"one": 4})
    grants.send("sdm", 2, {})
    grants.acknowledge("sdm", "one", 1)
    assert grants.held("sdm", "one", at_work=4) == 4
    grants.acknowledge("sdm", "one", 2)
    assert grants.held("sdm", "one", at_work=3) == 3
    assert grants.held("sdm", "one", at_work=0) == 0


def test_what_is_not_acknowledged_is_told_to_a_successor() -> None:
    """A larger grant that an agent may still go by is named for the host; one that is settled is not."""
    grants = Grants()
    grants.send("sdm", 1, {"one": 4, "two": 1})
    grants.send("sdm", 2, {"two": 3})
    told = grants.unacknowledged("sdm")
    assert told == {"one": [(1, 4), (2, 0)]}
    successor = Grants()
    successor.resume("sdm", told)
    successor.send("sdm", 7, {"two": 3})
    assert successor.held("sdm", "one", at_work=0) == 4
    successor.acknowledge("sdm", "one", 2)
    assert successor.held("sdm", "one", at_work=0) == 0
    grants.acknowledge("sdm", "one", 2)
    assert grants.unacknowledged("sdm") == {}


def test_a_rising_grant_does_not_keep_an_older_one_alive() -> None:
    """An agent that applied a small grant since is not taken for one with the large grant before it."""
    grants = Grants()
    for serial, slots in ((5, 8), (7, 2), (9, 3)):
        grants.send("sdm", serial, {"one": slots})
    grants.acknowledge("sdm", "one", 7)
    assert grants.held("sdm", "one", at_work=0) == 3


def test_an_agent_that_tells_no_serial_is_believed() -> None:
    """Agents of another version acknowledge nothing: the last grant and their work are all there is to go by."""
    grants = Grants()
    grants.send("sdm", 1, {"one": 4})
    grants.send("sdm", 2, {"one": 1})
    grants.acknowledge("sdm", "one", None)
    assert grants.held("sdm", "one", at_work=0) == 1


@given(st.lists(st.integers(0, 6), min_size=1, max_size=30), st.data())
def test_what_an_agent_may_be_using_is_never_more_than_held(sent: list[int], data: st.DataObject) -> None:
    """Whichever of the grants sent since its last word an agent has applied, that many slots are held."""
    grants = Grants()
    acknowledged = 0
    for serial, slots in enumerate(sent, 1):
        grants.send("sdm", serial, {"one": slots})
        acknowledged = data.draw(st.integers(acknowledged, serial))
        grants.acknowledge("sdm", "one", acknowledged)
        possible = sent[max(0, acknowledged - 1) : serial]
        assert grants.held("sdm", "one", at_work=0) >= max(possible)
    grants.acknowledge("sdm", "one", len(sent))
    assert grants.held("sdm", "one", at_work=0) == sent[-1]
