"""Work beside jobs: done while on duty, at once when woken, whatever it meets."""

import time
from collections.abc import Callable

from lmsvc.controller.duty import Duty
from lmsvc.store.errors import StoreUnavailable


def until(condition: Callable[[], object]) -> None:
    """Wait until a condition holds, at most ten seconds."""
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_it_works_only_while_on_duty() -> None:
    """Off duty nothing is done, on duty it is done again and again, and after the stop no more."""
    done: list[float] = []
    duty = Duty("test", 0.01, done.append)
    duty.start()
    time.sleep(0.2)
    assert done == []
    duty.on = True
    until(lambda: len(done) > 3)
    duty.stop()
    time.sleep(0.2)
    number = len(done)
    time.sleep(0.2)
    assert len(done) == number


def test_waking_ends_the_pause() -> None:
    """Where there is something to do it is done long before the pause is over."""
    done: list[float] = []
    duty = Duty("test", 3600, done.append)
    duty.on = True
    duty.start()
    duty.wake()
    until(lambda: done)
    duty.stop()


def test_an_error_does_not_end_it() -> None:
    """A database that is away and a fault of the work itself are both followed by another try."""
    tries: list[float] = []

    def work(now: float) -> None:
        tries.append(now)
        raise StoreUnavailable("away") if len(tries) == 1 else ZeroDivisionError

    duty = Duty("test", 0.01, work)
    duty.on = True
    duty.start()
    until(lambda: len(tries) > 3)
    duty.stop()
