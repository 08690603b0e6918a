"""The time line of a job: when the tasks of each step ran. Pure geometry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from lmsvc.store.progress import StepSpan
from lmsvc.store.records import StepProgress
from lmsvc.web.formats import duration
from lmsvc.web.pages.graph import step_state
from lmsvc.web.pages.lettering import fitted, width_of

WIDTH, NAMES, ROW = 1000, 190, 24
LEAST_WIDTH = 3.0
LETTERS, GAP = 12.0, 8
TICKS = 5
_NICE_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)


@dataclass(frozen=True)
class Bar:
    """One step: its place in the picture, what is said of it, and in brief where there is room for that."""

    step: str
    state: str
    x: float
    y: int
    width: float
    said: str
    brief: str = ""

    @property
    def name(self) -> str:
        """Return the step's name as it fits the left margin."""
        return fitted(self.step, NAMES - GAP, LETTERS)

    @property
    def where(self) -> Literal["after", "inside", "before"]:
        """Say where there is room for the brief words: right of the bar, in it, or left of it."""
        needed = width_of(self.brief, LETTERS) + 2 * GAP
        if self.x + self.width + needed <= WIDTH:
            return "after"
        return "inside" if self.width >= needed else "before"

    @property
    def words_x(self) -> float:
        """Return where the brief words begin, or end where they stand left of the bar."""
        return {"after": self.x + self.width + GAP, "inside": self.x + GAP, "before": self.x - GAP}[self.where]


@dataclass(frozen=True)
class Tick:
    """A moment with a line: its place, and the time since the start of the job."""

    x: float
    label: str


@dataclass(frozen=True)
class TimeLine:
    """All of it, `WIDTH` units wide."""

    height: int
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    width: int = WIDTH
    names: int = NAMES


def timeline(spans: Sequence[StepSpan], steps: Sequence[StepProgress], began: float, now: float) -> TimeLine:
    """Draw when each step ran.

    Args:
        spans: of the steps that have begun.
        steps: how far each is.
        began: when the job did; epoch seconds.
        now: the right end of what still runs: its end, or the present.
    """
    states = {step.step: step_state(step) for step in steps}
    begin = min([began, *(span.begin for span in spans)])
    end = max([*(span.end for span in spans), now])
    scale = (WIDTH - NAMES) / max(end - begin, 0.001)
    bars = [_bar(span, n, begin, end, scale, states) for n, span in enumerate(spans)]
    return TimeLine(len(spans) * ROW + ROW, tuple(bars), tuple(_ticks(end - begin, scale)))


def _bar(span: StepSpan, row: int, begin: float, end: float, scale: float, states: Mapping[str, str]) -> Bar:
    state = states.get(span.step, "done")
    until = end if state == "running" else span.end
    width = max(LEAST_WIDTH, (until - span.begin) * scale)
    hosts = "1 host" if span.hosts == 1 else f"{span.hosts} hosts"
    tasks = "1 task" if span.tasks == 1 else f"{span.tasks} tasks"
    memory = f", at most {span.peak_memory_mb:.0f} MB" if span.peak_memory_mb else ""
    brief = f"{tasks} on {hosts}, {duration(span.seconds)}"
    x = NAMES + (span.begin - begin) * scale
    said = f"{brief} of work{memory}"
    return Bar(span.step, state, round(min(x, WIDTH - width), 1), row * ROW, round(width, 1), said, brief)


def _ticks(seconds: float, scale: float) -> list[Tick]:
    fitting = [pace for pace in _NICE_SECONDS if seconds / pace <= TICKS]
    pace = fitting[0] if fitting else max(1, round(seconds / TICKS))
    return [Tick(round(NAMES + pace * n * scale, 1), _label(pace * n)) for n in range(1, int(seconds / pace) + 1)]


def _label(seconds: int) -> str:
    return f"{seconds} s" if seconds < 60 else duration(seconds)
