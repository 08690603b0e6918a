"""The live picture of a job: a bar per step on a terminal, a line per change elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

from rich.console import Console
from rich.progress import BarColumn, Progress, Task, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from lmsvc.client.models import Job, Step
from lmsvc.client.models import Progress as Counts

Show = Callable[[Job], None]
MOST_ROWS = 24


@contextmanager
def display() -> Iterator[Show]:
    """Give a function that shows a job's state on stderr."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Lines(console)
        return
    title, counts = TextColumn("{task.description}", markup=False), TextColumn("{task.fields[counts]}")
    with Progress(title, BarColumn(30), counts, Clock(), console=console) as progress:
        yield Bars(progress)


class Clock(TimeElapsedColumn):
    """The time since the display began, beside the job itself."""

    def render(self, task: Task) -> Text:
        """Show the time, or nothing in the row of a step."""
        return super().render(task) if task.id == 0 else Text()


class Bars:
    """One bar for the job and, where there are not too many, one for each step."""

    def __init__(self, progress: Progress) -> None:
        """Draw in this table of bars."""
        self._progress = progress
        self._rows: dict[str, TaskID] = {}

    def __call__(self, job: Job) -> None:
        """Show a state."""
        self._draw("", headline(job), job["progress"])
        if len(job["steps"]) <= MOST_ROWS:
            for step in job["steps"]:
                self._draw(step["step"], f"  {step['step']}", step)

    def _draw(self, key: str, title: str, counts: Counts) -> None:
        if key not in self._rows:
            self._rows[key] = self._progress.add_task(title, total=None, counts="")
        row, text = self._rows[key], counts_text(counts)
        self._progress.update(row, description=title, total=counts["total"], completed=ended(counts), counts=text)


class Lines:
    """One line whenever the job's state or the number of finished steps changes."""

    def __init__(self, console: Console) -> None:
        """Write to this console."""
        self._console = console
        self._last = ""

    def __call__(self, job: Job) -> None:
        """Show a state."""
        line = f"{headline(job)}: {sum(map(is_over, job['steps']))} of {len(job['steps'])} steps done"
        if line != self._last:
            self._last = line
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def counter(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """Give a function that shows on stderr how many of some things are done: in one line, or a line per change."""
    console, last = Console(stderr=True), list[int]()

    def show(done: int) -> None:
        text = f"{title}: {done} of {total} done"
        if status:
            status.update(text)
        elif last != [done]:
            console.print(text, markup=False, highlight=False, soft_wrap=True)
        last[:] = [done]

    status = console.status(f"{title}: 0 of {total} done") if console.is_terminal else None
    with status or nullcontext():
        yield show


def headline(job: Job) -> str:
    """Return the job's state and, where it waits, why."""
    return f"{job['state']} ({job['waiting']})" if job["waiting"] else job["state"]


def ended(counts: Counts) -> int:
    """Return how many items have ended one way or another."""
    return counts["done"] + counts["failed"] + counts["skipped"]


def is_over(step: Step) -> bool:
    """Return whether a step has nothing left to do."""
    return step["total"] is not None and ended(step) >= step["total"]


def counts_text(counts: Counts) -> str:
    """Return items done of all, and those that went wrong."""
    total = "?" if counts["total"] is None else counts["total"]
    parts = [f"{counts['done']}/{total}"]
    parts += [f"{counts[kind]} {kind}" for kind in ("failed", "skipped") if counts[kind]]
    return ", ".join(parts)
