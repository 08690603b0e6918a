"""Slots kept alive: at once more, after a while fewer, and never above the pool's bound."""

from lmsvc.controller.keeping import IDLE_KEEP_SECONDS, Keeping


def test_slots_grow_at_once_and_shrink_after_a_while() -> None:
    """A need is met at once; when it is over, its slots stay for as long as said and no longer."""
    keeping = Keeping({})
    assert keeping.keep("sdm", {"one": 6}, 8, 0.0) == {"one": 6}
    assert keeping.keep("sdm", {"one": 2}, 8, 1.0) == {"one": 6}
    assert keeping.keep("sdm", {"one": 2}, 8, IDLE_KEEP_SECONDS) == {"one": 6}
    assert keeping.keep("sdm", {"one": 2}, 8, IDLE_KEEP_SECONDS + 1.0) == {"one": 2}


def test_a_need_that_comes_back_begins_the_time_anew() -> None:
    """Slots used again and again are kept from their last use on."""
    keeping = Keeping({})
    for moment in (0.0, 8.0, 16.0):
        assert keeping.keep("sdm", {"one": 6}, 8, moment) == {"one": 6}
        assert keeping.keep("sdm", {"one": 0}, 8, moment + 1) == {"one": 6}
    assert keeping.keep("sdm", {"one": 0}, 8, 25.9) == {"one": 6}
    assert keeping.keep("sdm", {"one": 0}, 8, 26.1) == {"one": 0}


def test_slots_that_fall_in_steps_are_given_up_in_steps() -> None:
    """Each level is kept from the last moment it was needed."""
    keeping = Keeping({})
    for moment, slots in ((0.0, 6), (5.0, 4), (9.0, 1)):
        assert keeping.keep("sdm", {"one": slots}, 8, moment) == {"one": 6}
    assert keeping.keep("sdm", {"one": 1}, 8, 12.0) == {"one": 4}
    assert keeping.keep("sdm", {"one": 1}, 8, 16.0) == {"one": 1}


def test_a_lower_bound_or_a_move_is_obeyed_at_once() -> None:
    """What was needed a moment ago never makes a pool larger than it may be; other pools are left alone."""
    keeping = Keeping({})
    keeping.keep("other", {"one": 5}, 8, 0.0)
    assert keeping.keep("sdm", {"one": 6, "two": 2}, 8, 0.0) == {"one": 6, "two": 2}
    assert keeping.keep("sdm", {"one": 2, "two": 6}, 8, 1.0) == {"one": 2, "two": 6}
    assert keeping.keep("sdm", {"one": 0, "two": 0}, 0, 2.0) == {"one": 0, "two": 0}
    assert keeping.keep("other", {"one": 0}, 8, 2.0) == {"one": 5}


def test_what_another_controller_kept_is_kept_for_a_while() -> None:
    """A new leader ends no slots that were needed just before it began; it does not bring them back later."""
    keeping = Keeping({"sdm": {"one": 4}})
    assert keeping.keep("sdm", {"one": 0}, 8, 0.0) == {"one": 4}
    assert keeping.keep("sdm", {"one": 0}, 8, IDLE_KEEP_SECONDS + 1) == {"one": 0}
    assert keeping.keep("sdm", {}, 8, 20.0) == {}
    assert keeping.keep("sdm", {"one": 0}, 8, 21.0) == {"one": 0}


def test_a_host_that_is_not_named_keeps_nothing() -> None:
    """A host that is drained or gone keeps no slot, and begins anew when it is back."""
    keeping = Keeping({})
    keeping.keep("sdm", {"one": 3, "two": 3}, 8, 0.0)
    assert keeping.keep("sdm", {"two": 3}, 8, 1.0) == {"two": 3}
    assert keeping.keep("sdm", {"one": 0, "two": 3}, 8, 2.0) == {"one": 0, "two": 3}
