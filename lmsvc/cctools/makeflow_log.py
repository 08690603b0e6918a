"""What a makeflow really did, read from its log while it is written.

The log (``makeflow.log``) has one line per change of a rule: ``microseconds rule state job waiting running complete
failed aborted total``. "Running" there means handed to Work Queue; where a task really runs is in the transactions log
(``wq.log.tr``).
"""

import time
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path


class RuleState(IntEnum):
    """Makeflow's own numbers for the state of a rule."""

    WAITING = 0
    SUBMITTED = 1
    COMPLETE = 2
    FAILED = 3
    ABORTED = 4


class LogTail:
    """Reads the complete lines appended to a file since the last look."""

    def __init__(self, path: Path) -> None:
        """Follow ``path``, which need not exist yet."""
        self._path = path
        self._offset = 0

    def lines(self) -> list[str]:
        """Return the lines that are new."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return []
        end = data.rfind(b"\n") + 1
        self._offset += end
        return data[:end].decode("utf-8", errors="replace").splitlines()


@dataclass(frozen=True)
class RuleChange:
    """A rule came into a new state as Work Queue task ``job`` at ``time``, epoch seconds."""

    rule: int
    state: RuleState
    job: int
    time: float = 0.0


def parse_rule_change(line: str) -> RuleChange | None:
    """Return the change a line of the makeflow log tells, or None for a comment or damaged line."""
    words = line.split()
    if line.startswith("#") or len(words) != 10:
        return None
    try:
        return RuleChange(int(words[1]), RuleState(int(words[2])), int(words[3]), _seconds(words[0]))
    except ValueError:
        return None


def _seconds(microseconds: str) -> float:
    """Return a time as epoch seconds; now where it cannot be read."""
    return int(microseconds) / 1e6 if microseconds.isdigit() else time.time()


@dataclass
class MakeflowLog:
    """The states of a makeflow's rules.

    Attributes:
        states: rule number to its last state; rules not named yet are waiting.
        running: rule numbers whose task is on a worker now.
        waiting: rule numbers whose task waits for a worker, and since when (epoch seconds), the oldest first.
    """

    directory: Path
    log_name: str = "makeflow.log"
    states: dict[int, RuleState] = field(default_factory=dict)
    running: set[int] = field(default_factory=set)
    waiting: dict[int, float] = field(default_factory=dict)
    _rule_of_job: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Open the two logs."""
        self._log = LogTail(self.directory / self.log_name)
        self._transactions = LogTail(self.directory / "wq.log.tr")

    def update(self) -> list[RuleChange]:
        """Read what is new and return the changes of rules, in order."""
        changes = [change for line in self._log.lines() if (change := parse_rule_change(line))]
        for change in changes:
            self._apply(change)
        for line in self._transactions.lines():
            self._apply_transaction(line.split())
        return changes

    def submitted(self) -> int:
        """Return how many rules are with Work Queue, waiting for a worker or running."""
        return sum(state is RuleState.SUBMITTED for state in self.states.values())

    def failed(self) -> list[int]:
        """Return the rules that failed for good (or for now, while a retry is being submitted)."""
        return [rule for rule, state in self.states.items() if state is RuleState.FAILED]

    def _apply(self, change: RuleChange) -> None:
        self.states[change.rule] = change.state
        self.waiting.pop(change.rule, None)
        if change.state is RuleState.SUBMITTED:
            self._rule_of_job[change.job] = change.rule
            self.waiting[change.rule] = change.time
        else:
            self.running.discard(change.rule)

    def _apply_transaction(self, words: list[str]) -> None:
        if words[2:4] == ["MANAGER", "START"]:
            self.running.clear()
        if len(words) < 5 or words[2] != "TASK" or not words[3].isdigit():
            return
        rule = self._rule_of_job.get(int(words[3]))
        if rule is None or self.states.get(rule) is not RuleState.SUBMITTED:
            return
        if words[4] == "RUNNING":
            self.running.add(rule)
            self.waiting.pop(rule, None)
        elif words[4] == "WAITING":
            self._wait(rule, _seconds(words[0]))
        else:
            self.running.discard(rule)

    def _wait(self, rule: int, since: float) -> None:
        """Note that a task waits for a worker, again where it lost one."""
        self.running.discard(rule)
        self.waiting.setdefault(rule, since)
