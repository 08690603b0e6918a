"""Scaling actions: each change of a pool's slots with the reason a person would give."""

from dataclasses import replace

import pytest

from lmsvc.controller.scaling import PoolState, Scaling, describe

TWO_HOSTS = frozenset({"beta", "gamma"})
REST = PoolState(slots=2, least=2, most=6, hosts=TWO_HOSTS)
FULL = replace(REST, slots=6, waiting=14)


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (REST, FULL, "grew from 2 to 6: 14 tasks wait"),
        (REST, replace(FULL, slots=3, waiting=1), "grew from 2 to 3: 1 task waits"),
        (FULL, REST, "shrank from 6 to 2: nothing to do for 10 s"),
        (FULL, replace(FULL, slots=3, rivals=("other",)), "shrank from 6 to 3: pool other has work"),
        (FULL, replace(FULL, slots=3, rivals=("b", "a")), "shrank from 6 to 3: pools a, b have work"),
        (FULL, replace(FULL, slots=0, least=0, most=0), "shrank from 6 to 0: bounds changed, 2 to 6 before, 0 now"),
        (REST, replace(REST, slots=4, least=4, most=4), "grew from 2 to 4: bounds changed, 2 to 6 before, 4 now"),
        (
            FULL,
            replace(FULL, slots=3, hosts=frozenset({"beta"}), drained=frozenset({"gamma"})),
            "shrank from 6 to 3: host gamma drained",
        ),
        (
            replace(FULL, slots=3, hosts=frozenset({"beta"}), drained=frozenset({"gamma"})),
            FULL,
            "grew from 3 to 6: host gamma undrained",
        ),
        (FULL, replace(FULL, slots=0, hosts=frozenset()), "shrank from 6 to 0: hosts beta, gamma not heard"),
        (replace(FULL, slots=3, hosts=frozenset({"beta"})), FULL, "grew from 3 to 6: host gamma came"),
    ],
)
def test_the_sentence_names_the_reason(before: PoolState, after: PoolState, sentence: str) -> None:
    """Bounds and hosts explain a change before demand does."""
    assert describe(before, after) == sentence


def test_the_last_change_is_remembered_with_its_time() -> None:
    """What is decided first is no change; an unchanged number leaves the last action as it is."""
    scaling = Scaling({}, {})
    scaling.note("sdm", REST, 100.0)
    assert scaling.last("sdm") is None
    scaling.note("sdm", FULL, 101.0)
    scaling.note("sdm", replace(FULL, waiting=3), 102.0)
    assert scaling.last("sdm") == {"time": 101.0, "from": 2, "to": 6, "reason": "grew from 2 to 6: 14 tasks wait"}


def test_a_new_leader_knows_what_the_last_one_did() -> None:
    """The action that another controller told stays the last one until there is another."""
    told = {"time": 1.0, "from": 0, "to": 2, "reason": "grew from 0 to 2: host one came"}
    scaling = Scaling({"sdm": told}, {"sdm": 2})
    scaling.note("sdm", REST, 100.0)
    assert scaling.last("sdm") == told
    other = Scaling({"sdm": told}, {"sdm": 2})
    other.note("sdm", FULL, 100.0)
    assert (other.last("sdm") or {})["reason"] == "grew from 2 to 6: 14 tasks wait"
