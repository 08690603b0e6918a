"""How fast requests may come."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmsvc.web.rates import Pace, network
from tests.web.asking import problem
from tests.web.people import SITE_TOKEN, bearer, guarded_site, person
from tests.web.site import Site

RATES = {"user_per_second": 0.01, "user_burst": 5, "address_per_second": 0.01, "address_burst": 3}


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Site]:
    """Give a web service with users on which few requests may come."""
    made = guarded_site(tmp_path, rates={**RATES, "failures_per_minute": 0.1, "failures_burst": 2})
    yield made
    made.store.close()


@given(st.lists(st.floats(0, 5), min_size=1, max_size=60), st.sampled_from([0.5, 1.0, 4.0]), st.integers(1, 6))
def test_no_more_than_the_burst_and_the_rate_pass(pauses: list[float], per_second: float, burst: int) -> None:
    """In any span of time, however the requests come, at most `burst + rate * span` pass; who waits as told passes."""
    pace, now, passed = Pace(per_second, burst), 100.0, list[float]()
    for pause in pauses:
        now += pause
        wait = pace.wait("ada", now)
        if wait == 0:
            passed.append(now)
    for begin in range(len(passed)):
        for end in range(begin, len(passed)):
            assert end - begin + 1 <= burst + per_second * (passed[end] - passed[begin]) + 1e-6
    wait = pace.wait("ada", now)
    assert wait == 0 or pace.wait("ada", now + wait) == 0


def test_a_rate_of_zero_binds_nothing() -> None:
    """Where no rate is set, any number of requests may come."""
    pace = Pace(0, 1)
    assert {pace.wait("ada", 1.0) for _ in range(1000)} == {0.0}


def test_what_came_long_ago_takes_no_memory() -> None:
    """However many addresses ask, those at rest are forgotten."""
    pace = Pace(10, 1)
    for number in range(50_000):
        pace.wait(str(number), number / 1000)
    assert len(pace._due) < 12_000


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("", "", True),
    ],
)
def test_an_ipv6_network_is_one_address(one: str, other: str, same: bool) -> None:
    """Who has a /64 has endless addresses of it, which count as one."""
    assert (network(one) == network(other)) == same


def test_each_user_has_a_rate(guarded: Site) -> None:
    """Beyond it requests get 429 with Retry-After, whatever token brings them; other users are not concerned."""
    ada, second, bob = person(guarded, "ada"), person(guarded, "ada"), person(guarded, "bob")
    answers = [guarded.client.get("/api/v1/tools", headers=[ada, second][i % 2]) for i in range(7)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    problem(answers[-1], 429, "too-many-requests")
    waits = [int(answer.headers["Retry-After"]) for answer in answers[-2:]]
    assert all(0 < wait <= 100 for wait in waits)
    assert all(later <= earlier for earlier, later in pairwise(waits))
    assert guarded.client.get("/api/v1/tools", headers=bob).status_code == 200
    root = [guarded.client.get("/api/v1/tools", headers=bearer(SITE_TOKEN)).status_code for _ in range(10)]
    assert set(root) == {200}, "administrators answer for themselves"


def test_each_address_has_a_rate(guarded: Site) -> None:
    """Requests without a token get 401, and 429 when they come too fast; who has a token comes through all the same."""
    statuses = [guarded.client.get("/api/v1/tools").status_code for _ in range(5)]
    assert statuses == [401, 401, 401, 429, 429]
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    assert guarded.client.get("/api/v1/tools", environ_overrides=elsewhere).status_code == 401
    assert guarded.client.get("/api/v1/tools", headers=person(guarded, "ada")).status_code == 200


def test_tokens_cannot_be_tried_out(guarded: Site) -> None:
    """Wrong tokens from one address are soon answered 429, a good one from there is not."""
    statuses = [guarded.client.get("/api/v1/tools", headers=bearer(f"guess{i}")).status_code for i in range(4)]
    assert statuses == [401, 401, 429, 429]
    assert guarded.client.get("/shared/" + "x" * 43).status_code == 429
    assert guarded.client.get("/api/v1/tools", headers=person(guarded, "ada")).status_code == 200


def test_on_one_machine_nothing_is_too_fast(tmp_path: Path) -> None:
    """Without users there is nobody to be protected from."""
    site = Site.make(tmp_path / "data", rates=RATES)
    assert {site.client.get("/api/v1/tools").status_code for _ in range(20)} == {200}
    site.store.close()
