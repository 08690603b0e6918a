"""What came of a try to tell somebody."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """What came of one try.

    Attributes:
        delivered: the receiver has it.
        detail: what was answered, or why it did not work, for the owner of the job.
        final: another try would not help.
        pause_seconds: how long the receiver asks to be left alone; 0: it does not.
    """

    delivered: bool
    detail: str
    final: bool = False
    pause_seconds: float = 0.0
