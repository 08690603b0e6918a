"""The rules of fair order, as pure functions."""

from hypothesis import given
from hypothesis import strategies as st

from lmsvc.store.fairness import Load, Waiting, jobs_ahead, next_user


def test_nobody_waits_nobody_is_served() -> None:
    """An empty queue has no next."""
    assert next_user(Load({}, {"ada": 1}, {"ada": 1})) is None


def test_who_runs_least_is_served_first() -> None:
    """Few running jobs count before everything else."""
    waiting = {"ada": Waiting(1, 1), "bob": Waiting(9, 2)}
    assert next_user(Load(waiting, {"ada": 2, "bob": 1}, {"bob": 99})) == "bob"


def test_among_equals_the_longest_unserved_is_first() -> None:
    """Never served comes before served, served before comes before served later."""
    waiting = {name: Waiting(1, first) for first, name in enumerate(["ada", "bob", "cem"])}
    assert next_user(Load(waiting, {}, {"ada": 3, "bob": 1, "cem": 2})) == "bob"
    assert next_user(Load(waiting, {}, {"ada": 3, "bob": 1})) == "cem"


def test_among_the_never_served_the_first_submission_is_first() -> None:
    """Without any history it is the order of arrival."""
    assert next_user(Load({"ada": Waiting(1, 7), "bob": Waiting(1, 3)}, {}, {})) == "bob"


USERS = "abcde"


@st.composite
def loads(draw: st.DrawFn) -> Load:
    """Any load of up to five users; turns and first jobs are all different, as in the database."""
    names = draw(st.sets(st.sampled_from(USERS), min_size=1))
    firsts = draw(st.permutations(range(len(USERS))))
    turns = draw(st.permutations(range(1, len(USERS) + 1)))
    served = draw(st.sets(st.sampled_from(USERS)))
    counts = st.integers(0, 4)
    return Load(
        {name: Waiting(draw(st.integers(1, 5)), firsts[USERS.index(name)]) for name in names},
        {name: draw(counts) for name in USERS if name in served},
        {name: turns[USERS.index(name)] for name in USERS if name in served},
    )


@given(loads())
def test_jobs_ahead_is_what_serving_shows(load: Load) -> None:
    """For every queued job, the number said to be ahead is the number served before it."""
    places = {(user, n): jobs_ahead(load, user, n) for user, w in load.waiting.items() for n in range(w.jobs)}
    assert sorted(places, key=lambda job: places[job]) == _served(load)
    assert sorted(places.values()) == list(range(len(places)))


def _served(load: Load) -> list[tuple[str, int]]:
    """Serve one job after the other by `next_user`; return (user, number of the job) in order."""
    waiting, running, turns = dict(load.waiting), dict(load.running), dict(load.turns)
    served: list[tuple[str, int]] = []
    while (user := next_user(Load(waiting, running, turns))) is not None:
        served.append((user, load.waiting[user].jobs - waiting[user].jobs))
        running[user] = running.get(user, 0) + 1
        turns[user] = max(turns.values(), default=0) + 1
        left = Waiting(waiting[user].jobs - 1, waiting[user].first)
        waiting = {name: w for name, w in (waiting | {user: left}).items() if w.jobs}
    return served
