"""Scaling actions: from how many slots to how many a pool went last, when, and why, in words."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lmsvc.controller.keeping import IDLE_KEEP_SECONDS

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PoolState:
    """A pool as decided on, with what explains it.

    Attributes:
        slots: how many slots it is to have.
        least: its lower bound.
        most: its upper bound.
        hosts: those that serve it.
        drained: those that could if they were not drained.
        waiting: tasks that wait for a slot.
        rivals: other pools with work on its hosts, where it has fewer slots than it could use.
    """

    slots: int
    least: int
    most: int
    hosts: frozenset[str]
    drained: frozenset[str] = frozenset()
    waiting: int = 0
    rivals: tuple[str, ...] = ()


class Scaling:
    """Notes each change of a pool's slots with its reason."""

    def __init__(self, known: Mapping[str, Mapping[str, Any]], slots: Mapping[str, int]) -> None:
        """Begin where another controller left off.

        Args:
            known: the last action on each pool, as it was told.
            slots: how many slots each pool was to have last.
        """
        self._actions = {pool: dict(action) for pool, action in known.items()}
        self._slots = slots
        self._states: dict[str, PoolState] = {}

    def note(self, pool: str, state: PoolState, now: float) -> None:
        """Take note of what was decided for a pool; ``now`` in epoch seconds."""
        before = self._states.get(pool) or replace(state, slots=self._slots.get(pool, state.slots))
        self._states[pool] = state
        if before.slots == state.slots:
            return
        text = describe(before, state)
        log.info("pool %s %s", pool, text)
        self._actions[pool] = {"time": round(now, 3), "from": before.slots, "to": state.slots, "reason": text}

    def last(self, pool: str) -> dict[str, Any] | None:
        """Return the last action on a pool as it is told: ``time``, ``from``, ``to``, ``reason``."""
        return self._actions.get(pool)


def describe(before: PoolState, after: PoolState) -> str:
    """Return the sentence that says how a pool's slots changed and why."""
    grew = "grew" if after.slots > before.slots else "shrank"
    return f"{grew} from {before.slots} to {after.slots}: {_why(before, after)}"


def _why(before: PoolState, after: PoolState) -> str:
    if (before.least, before.most) != (after.least, after.most):
        return f"bounds changed, {_bounds(before)} before, {_bounds(after)} now"
    if moved := _hosts(before, after):
        return moved
    if after.slots > before.slots:
        return f"{_number(after.waiting, 'task')} {'waits' if after.waiting == 1 else 'wait'}"
    if after.rivals:
        return f"{_named('pool', after.rivals)} {'has' if len(after.rivals) == 1 else 'have'} work"
    return f"nothing to do for {IDLE_KEEP_SECONDS:.0f} s"


def _hosts(before: PoolState, after: PoolState) -> str:
    """Return what became of hosts that explains a change of this direction; nothing where nothing does."""
    if after.slots < before.slots:
        drained, gone = after.drained - before.drained, before.hosts - after.hosts - after.drained
        return f"{_named('host', drained)} drained" if drained else f"{_named('host', gone)} not heard" if gone else ""
    back, new = before.drained - after.drained, after.hosts - before.hosts - before.drained
    return f"{_named('host', back)} undrained" if back else f"{_named('host', new)} came" if new else ""


def _named(kind: str, names: frozenset[str] | tuple[str, ...]) -> str:
    return f"{kind if len(names) == 1 else f'{kind}s'} {', '.join(sorted(names))}"


def _bounds(state: PoolState) -> str:
    return str(state.most) if state.least == state.most else f"{state.least} to {state.most}"


def _number(number: int, what: str) -> str:
    return f"{number} {what if number == 1 else f'{what}s'}"
