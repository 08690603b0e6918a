"""The picture of a job's steps: boxes from left to right, each right of what it waits for. Pure geometry."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lmsvc.store.records import StepProgress
from lmsvc.web.pages.lettering import fitted, short

BOX_WIDTH, BOX_HEIGHT = 172, 56
GAP_X, GAP_Y = 20, 16
MARGIN, INSIDE = 6, 10
NAME_PIXELS, NUMBERS_PIXELS = 13.0, 11.5
"""Sizes of the letters, as the style sheet has them."""

SHRUNK_WIDTH = 1340
SWEEPS = 3


@dataclass(frozen=True)
class Node:
    """A step of the picture; lengths are pixels."""

    step: str
    tool: str
    state: str
    x: int
    y: int
    progress: StepProgress

    @property
    def short(self) -> str:
        """Return the step's name as it fits the box."""
        return fitted(self.step, BOX_WIDTH - 2 * INSIDE, NAME_PIXELS)

    @property
    def numbers(self) -> str:
        """Return its state with how many items are done of how many, or how many failed; it fits the box."""
        total = "?" if self.progress.total is None else short(self.progress.total)
        if self.progress.failed:
            return f"{short(self.progress.failed)} of {total} failed"
        if self.state == "waiting" and not self.progress.total:
            return self.state
        return f"{self.state} · {short(self.progress.done + self.progress.skipped)} of {total}"

    @property
    def said(self) -> str:
        """Return the same in full, for a reader who listens or points."""
        counts = [(getattr(self.progress, name), name) for name in ("done", "running", "failed", "skipped", "waiting")]
        told = [f"{count} {name}" for count, name in counts if count]
        total = "how many items is not known yet" if self.progress.total is None else f"of {self.progress.total}"
        return ", ".join([self.state, *told, total]) if told else f"{self.state}, {total}"


@dataclass(frozen=True)
class Line:
    """A connection between two steps: an SVG path, and whether the later step takes each element by itself."""

    path: str
    scattered: bool


@dataclass(frozen=True)
class Picture:
    """All of it; lengths are pixels."""

    width: int
    height: int
    nodes: tuple[Node, ...]
    lines: tuple[Line, ...]
    box_width: int = BOX_WIDTH
    box_height: int = BOX_HEIGHT
    inside: int = INSIDE

    @property
    def shrinks(self) -> bool:
        """Whether it may be drawn smaller to fit a page and still be read."""
        return self.width <= SHRUNK_WIDTH


def picture(document: Mapping[str, Any], progress: Sequence[StepProgress]) -> Picture:
    """Draw the steps of a job document with how far each is."""
    steps: Mapping[str, Any] = document.get("steps", {})
    before = {name: [used for used in _used(step) if used in steps] for name, step in steps.items()}
    columns = _columns(before)
    tallest = max((len(column) for column in columns), default=0)
    places = {
        name: _place(x, y + (tallest - len(column)) / 2)
        for x, column in enumerate(columns)
        for y, name in enumerate(column)
    }
    known = {step.step: step for step in progress}
    nodes = [_node(name, step["run"], places[name], known.get(name)) for name, step in steps.items()]
    lines = [_line(places[a], places[b], bool(steps[b].get("scatter"))) for b, used in before.items() for a in used]
    return Picture(
        2 * MARGIN + len(columns) * (BOX_WIDTH + GAP_X) - GAP_X,
        2 * MARGIN + tallest * (BOX_HEIGHT + GAP_Y) - GAP_Y,
        tuple(nodes),
        tuple(lines),
    )


def step_state(progress: StepProgress) -> str:
    """Return the state that a step is shown in: failed, running, done, skipped or waiting."""
    if progress.failed:
        return "failed"
    if progress.running:
        return "running"
    if progress.total is not None and progress.done + progress.skipped >= progress.total:
        return "done" if progress.done or not progress.total else "skipped"
    return "running" if progress.done else "waiting"


def _used(step: Mapping[str, Any]) -> list[str]:
    """Return the steps that a step takes something from."""
    texts = [text for binding in step.get("in", {}).values() for text in _references(binding)]
    return list(dict.fromkeys(text.partition("/")[0] for text in texts))


def _references(binding: object) -> Iterable[str]:
    if isinstance(binding, Mapping):
        return _references(binding.get("source"))
    if isinstance(binding, list):
        return [text for text in binding if isinstance(text, str)]
    return [binding] if isinstance(binding, str) else []


def _columns(before: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Return the steps by column: as far left as what they use allows, ordered so that few lines cross."""
    depth: dict[str, int] = {}
    for name in before:
        _measure(name, before, depth)
    columns: list[list[str]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name in before:
        columns[depth[name]].append(name)
    after = {name: [later for later, used in before.items() if name in used] for name in before}
    for _ in range(SWEEPS):
        _order(columns, before)
        _order(list(reversed(columns)), after)
    return columns


def _measure(name: str, before: Mapping[str, Sequence[str]], depth: dict[str, int]) -> int:
    """Find a step's column; chains are at most as long as a document may have steps."""
    if name not in depth:
        depth[name] = 0
        depth[name] = 1 + max((_measure(used, before, depth) for used in before[name]), default=-1)
    return depth[name]


def _order(columns: Sequence[list[str]], linked: Mapping[str, Sequence[str]]) -> None:
    """Put each step near the middle of those it is linked with in the columns before."""
    rank: dict[str, float] = {}
    for column in columns:
        own = {name: float(n) for n, name in enumerate(column)}
        middle = {name: _mean([rank[other] for other in linked[name] if other in rank], own[name]) for name in column}
        column.sort(key=lambda name: (middle[name], own[name]))
        rank |= {name: float(n) for n, name in enumerate(column)}


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _place(column: int, row: float) -> tuple[int, int]:
    return MARGIN + column * (BOX_WIDTH + GAP_X), MARGIN + round(row * (BOX_HEIGHT + GAP_Y))


def _node(name: str, tool: str, place: tuple[int, int], progress: StepProgress | None) -> Node:
    known = progress or StepProgress(name, tool, "")
    return Node(name, tool, step_state(known), *place, known)


def _line(begin: tuple[int, int], end: tuple[int, int], scattered: bool) -> Line:
    x, y = begin[0] + BOX_WIDTH, begin[1] + BOX_HEIGHT // 2
    to_x, to_y = end[0], end[1] + BOX_HEIGHT // 2
    bend = max(GAP_X // 2, (to_x - x) // 2)
    return Line(f"M{x} {y}C{x + bend} {y} {to_x - bend} {to_y} {to_x} {to_y}", scattered)
