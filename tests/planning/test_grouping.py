"""Groups of steps are as large as can be, and never wait for each other."""

from hypothesis import given
from hypothesis import strategies as st

from lmsvc.jobs.graph import cycles, ordered
from lmsvc.planning.grouping import Pair, group

STEPS = "abcdefgh"
PAIRS = st.lists(
    st.tuples(st.sampled_from(STEPS), st.sampled_from(STEPS)).filter(lambda pair: pair[0] < pair[1]),
    unique=True,
    max_size=16,
)


def is_allowed(groups: list[tuple[str, ...]], links: list[Pair], cut: list[Pair]) -> bool:
    """Say whether groups keep cut pairs apart and do not wait for each other."""
    group_of = {step: steps[0] for steps in groups for step in steps}
    needs: dict[str, set[str]] = {steps[0]: set() for steps in groups}
    for first, then in links:
        if group_of[first] != group_of[then]:
            needs[group_of[then]].add(group_of[first])
    return not cycles(needs) and all(group_of[first] != group_of[then] for first, then in cut)


@given(PAIRS, st.data())
def test_groups_are_allowed_and_as_large_as_can_be(links: list[Pair], data: st.DataObject) -> None:
    """Cut pairs are apart, groups do not wait for each other, and no two linked ones could be joined."""
    cut = [pair for pair in links if data.draw(st.booleans(), label=f"cut {pair}")]
    joinable = [pair for pair in links if pair not in cut]
    groups = group(STEPS, joinable, cut)
    assert sorted(step for steps in groups for step in steps) == list(STEPS)
    assert is_allowed(groups, links, cut)
    for first, then in joinable:
        [one], [two] = ([steps for steps in groups if step in steps] for step in (first, then))
        if one != two:
            joined = [steps for steps in groups if steps not in (one, two)] + [tuple(sorted(one + two))]
            assert not is_allowed(joined, links, cut)


@given(st.lists(st.tuples(st.sampled_from(STEPS), st.sampled_from(STEPS)), max_size=16))
def test_an_order_or_a_circle_is_found(links: list[Pair]) -> None:
    """Without circles the order has every name after those it needs; every circle named is one."""
    needs = {step: [first for first, then in links if then == step] for step in STEPS}
    order = ordered(needs)
    for name in order:
        assert set(needs[name]) <= set(order[: order.index(name)])
    circles = cycles(needs)
    assert bool(circles) == (len(order) < len(STEPS))
    for circle in circles:
        for name, needed in zip(circle, (*circle[1:], circle[0]), strict=True):
            assert needed in needs[name]
