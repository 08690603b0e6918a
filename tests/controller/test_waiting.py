"""Why a job waits, in words that say when it goes on."""

from dataclasses import replace

import pytest

from lmsvc.controller.situation import Situation
from lmsvc.controller.waiting import Needs, Waiting
from tests.controller.situations import report, situation

SDM = {"sdm": {"slots": {"max": 12}}}
NOBODY = situation(SDM, [])
TWO = situation(SDM, [report("sdm", "alpha", 1), report("sdm", "beta", 1)])
WANTS = Needs({"sdm"}, None, runs=False)


def test_a_reason_to_wait_comes_after_some_patience() -> None:
    """A job says why it waits once it has waited long enough, and stops saying so when it runs."""
    waiting = Waiting(patience_seconds=5.0)

    def reason(needs: Needs, now: float) -> str | None:
        return waiting.reason("a", needs, NOBODY if now < 6 else TWO, lambda _: {"alpha": 1, "beta": 1}, now)

    assert reason(WANTS, 0.0) is None
    assert reason(WANTS, 4.9) is None
    assert "no worker of pool sdm is there:" in (reason(WANTS, 5.0) or "")
    assert reason(WANTS, 6.0) == "all 2 slots of pool sdm are busy"
    assert reason(replace(WANTS, runs=True), 7.0) is None
    assert reason(WANTS, 8.0) is None


@pytest.mark.parametrize(
    ("there", "granted", "hosts", "why"),
    [
        (NOBODY, {}, None, "no worker of pool sdm is there: the job goes on when one comes"),
        (
            situation({}, [report("sdm", "alpha", 1)]),
            {},
            None,
            "pool sdm is no longer among the site's pools: the job is planned anew without it",
        ),
        (TWO, {}, {"gamma", "beta"}, "pool sdm on beta or gamma waits for a free slot"),
        (TWO, {"alpha": 4, "beta": 1}, {"beta"}, "all 1 slots of pool sdm on beta are busy"),
        (TWO, {}, {"gamma"}, "no worker of pool sdm is there on gamma: the job goes on when one comes"),
        (
            situation({"sdm": {"slots": 0}}, [report("sdm", "alpha")]),
            {},
            None,
            "pool sdm is scaled to 0 slots: the job goes on when it is scaled up",
        ),
        (
            situation(SDM, [report("sdm", "alpha"), report("sdm", "beta")], ["alpha", "beta"]),
            {},
            None,
            "no worker of pool sdm takes work, hosts alpha, beta are drained: the job goes on after undraining",
        ),
        (
            situation(SDM, [report("sdm", "alpha"), report("sdm", "beta")], ["alpha"]),
            {},
            {"alpha"},
            "no worker of pool sdm takes work on alpha, host alpha is drained: the job goes on after undraining",
        ),
        (
            situation({"sdm": {"slots": {"max": 2}, "cores": 9}}, [report("sdm", "alpha")]),
            {},
            None,
            "no host of pool sdm has room for a slot of 9 cores and 2000 MB",
        ),
        (
            situation({"sdm": {"slots": {"max": 2}, "gpus": 2}}, [report("sdm", "alpha", host_gpus=1)]),
            {},
            None,
            "no host of pool sdm has room for a slot of 1 cores and 2000 MB and 2 GPUs",
        ),
    ],
)
def test_the_reason_says_what_is_missing(
    there: Situation, granted: dict[str, int], hosts: set[str] | None, why: str
) -> None:
    """No worker, a pool that is gone or has no slots, drained hosts, hosts too small and busy slots are told apart."""
    needs = replace(WANTS, hosts=None if hosts is None else frozenset(hosts))
    assert Waiting(0.0).reason("a", needs, there, lambda _: granted, 0.0) == why


def test_a_reason_is_news_once() -> None:
    """The store is told only when the reason changes."""
    waiting = Waiting(patience_seconds=0.0)
    assert not waiting.is_news("a", None)
    assert waiting.is_news("a", "x")
    assert not waiting.is_news("a", "x")
    assert waiting.is_news("a", None)
