"""Pictures of a job: steps as boxes, when they ran, what is said beside them."""

import io
import json
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from lmsvc.jobs.states import ItemState
from lmsvc.store.progress import StepSpan
from lmsvc.store.records import Event, ItemRecord, StepProgress
from lmsvc.web.board import HostView, SlotView, Snapshot
from lmsvc.web.formats import roughly
from lmsvc.web.pages.graph import (
    BOX_HEIGHT,
    BOX_WIDTH,
    INSIDE,
    NAME_PIXELS,
    NUMBERS_PIXELS,
    picture,
    step_state,
)
from lmsvc.web.pages.happenings import happenings
from lmsvc.web.pages.lettering import fitted, short, width_of
from lmsvc.web.pages.previews import SHOWN_BYTES, SHOWN_ROWS, kind_of, preview
from lmsvc.web.pages.timeline import LETTERS, NAMES, WIDTH, timeline
from lmsvc.web.pages.words import category_words, copies, ending, seconds_left, shell_words, type_words

STEP = StepProgress("model", "create_sdm", "sdm", "default", "model")
DIAMOND = {
    "steps": {
        "a": {"run": "t", "in": {"x": "inputs/x"}},
        "b": {"run": "t", "scatter": "x", "in": {"x": "a/out"}},
        "c": {"run": "t", "in": {"x": {"source": ["a/out"]}, "y": {"value": "b/out"}}},
        "d": {"run": "t", "in": {"x": {"source": "b/out"}, "y": "c/out"}},
    }
}
FAILED = ItemRecord("model", 1, ItemState.FAILED)


def test_a_step_stands_right_of_what_it_uses() -> None:
    """Columns follow the references of the document, values that look like references do not count."""
    drawn = picture(DIAMOND, [replace(STEP, step="b", done=1, total=2)])
    x = {node.step: node.x for node in drawn.nodes}
    assert x["a"] < x["b"] == x["c"] < x["d"]
    assert len(drawn.lines) == 4
    assert [line.scattered for line in drawn.lines].count(True) == 1
    assert {node.step: node.state for node in drawn.nodes}["b"] == "running"


@pytest.mark.parametrize("wide", [1, 7, 40])
def test_boxes_never_overlap_and_lie_inside(wide: int) -> None:
    """Boxes are apart and inside the picture, however many steps stand side by side."""
    steps = {f"s{n}": {"run": "t", "in": {"x": f"s{n // 3}/out" if n > 2 else "inputs/x"}} for n in range(wide)}
    drawn = picture({"steps": steps}, [])
    for one, other in combinations(drawn.nodes, 2):
        assert abs(one.x - other.x) >= BOX_WIDTH or abs(one.y - other.y) >= BOX_HEIGHT
    assert all(0 <= node.x <= drawn.width - BOX_WIDTH for node in drawn.nodes)
    assert all(0 <= node.y <= drawn.height - BOX_HEIGHT for node in drawn.nodes)


@pytest.mark.parametrize(
    ("counts", "numbers"),
    [
        ({}, "waiting"),
        ({"waiting": 12, "total": 12}, "waiting · 0 of 12"),
        ({"done": 1}, "running · 1 of ?"),
        ({"done": 3, "running": 99_989, "total": 99_999}, "running · 3 of 100k"),
        ({"done": 98_765, "running": 1, "total": 98_999}, "running · 98.8k of 99.0k"),
        ({"done": 2, "skipped": 1, "total": 3}, "done · 3 of 3"),
        ({"failed": 98_765, "done": 1, "total": 98_766}, "98.8k of 98.8k failed"),
    ],
)
def test_numbers_of_a_step_fit_its_box(counts: dict[str, Any], numbers: str) -> None:
    """State and counts stay within the box however many items there are; in full they are said beside it."""
    step = replace(STEP, step="a_step_with_a_name_of_many_many_words_in_it", **counts)
    (node,) = picture({"steps": {step.step: {"run": "t"}}}, [step]).nodes
    assert node.numbers == numbers
    assert width_of(node.numbers, NUMBERS_PIXELS) <= BOX_WIDTH - 2 * INSIDE
    assert width_of(node.short, NAME_PIXELS) <= BOX_WIDTH - 2 * INSIDE
    assert node.short.endswith("…")
    assert all(str(count) in node.said for count in counts.values())


def test_long_words_are_cut_and_large_numbers_short() -> None:
    """What fits stays as it is; numbers keep their size in at most five characters."""
    assert fitted("model", 100, 13) == "model"
    assert fitted("m" * 50, 100, 13) == "m" * 6 + "…"
    numbers = (0, 9_999, 10_000, 99_999, 450_000, 999_999, 1_234_567, 5_000_000_000)
    assert [short(number) for number in numbers] == ["0", "9999", "10.0k", "100k", "450k", "1.0M", "1.2M", "5.0G"]


def test_states_of_steps() -> None:
    """Failures win over everything, a step is done when all of its items are, and an unknown total is never done."""
    told = {
        "waiting": replace(STEP, waiting=3, total=3),
        "running": replace(STEP, done=1, running=1, total=3),
        "failed": replace(STEP, failed=1, running=1, total=3),
        "done": replace(STEP, done=2, skipped=1, total=3),
        "skipped": replace(STEP, skipped=3, total=3),
    }
    assert {state: step_state(step) for state, step in told.items()} == {state: state for state in told}
    assert step_state(replace(STEP, done=3, total=None)) == "running"


def test_bars_of_the_time_line_stay_inside() -> None:
    """Each step has a bar within the picture, also one of no time at all and one that still runs."""
    spans = [StepSpan("model", 100.0, 160.0, 3, 2, 90.0, 512.0), StepSpan("b", 160.0, 160.0, 1, 1, 0.0, None)]
    drawn = timeline(spans, [replace(STEP, running=1, done=2, total=3)], 100.0, 200.0)
    assert [bar.state for bar in drawn.bars] == ["running", "done"]
    assert all(bar.width > 0 and bar.x + bar.width <= WIDTH for bar in drawn.bars)
    assert drawn.bars[0].said == "3 tasks on 2 hosts, 1 min 30 s of work, at most 512 MB"
    for bar in drawn.bars:
        words = width_of(bar.brief, LETTERS)
        begin = bar.words_x - words if bar.where == "before" else bar.words_x
        assert begin >= NAMES
        assert begin + words <= WIDTH
    assert 1 <= len(drawn.ticks) <= 6


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (replace(FAILED, exit_code=1), "the program reported an error (exit code 1)"),
        (replace(FAILED, exit_code=137), "ended by force, most likely for want of memory (SIGKILL)"),
        (
            replace(FAILED, signal=9, reason="longer than 600 s"),
            "ended by force: it took more time than it may (SIGKILL)",
        ),
        (replace(FAILED, signal=11), "a fault in the program: it touched memory that is not its own (SIGSEGV)"),
        (replace(FAILED, signal=99), "ended by a signal (signal 99)"),
        (FAILED, None),
    ],
)
def test_endings_are_told_in_words(item: ItemRecord, said: str | None) -> None:
    """Exit codes and signals are words, with the number behind."""
    assert ending(item) == said


def test_types_are_told_in_words() -> None:
    """Nobody has to read a programmer's types, or guess what a category's short name stands for."""
    assert [category_words(name) for name in ("sdm", "our_own")] == ["Species distribution models", "Our own"]
    told = [type_words(type_) for type_ in ("File", "File[]?", "int?", "float[]", "boolean", "string[]", "else")]
    assert told == ["file", "files", "whole number", "numbers", "yes or no", "texts", "else"]


def test_commands_can_be_pasted() -> None:
    """Words with spaces and quotes are quoted for the shell."""
    assert shell_words(("python3", "a b", "it's")) == "python3 'a b' 'it'\"'\"'s'"


def test_what_is_left_counts_slots_of_each_pool() -> None:
    """The slowest pool decides: its items' seconds over its slots; nothing left is nothing."""
    host = HostView("h", 2, (SlotView("1", "idle", None), SlotView("2", "idle", None)))
    board = Snapshot(True, {"default": (host,)})
    steps = [replace(STEP, waiting=9, running=1), replace(STEP, step="b", pool="other", waiting=2)]
    assert seconds_left(steps, {"create_sdm": 3.0}, {}, board) == 15.0
    assert seconds_left([replace(STEP, done=4)], {}, {}, board) is None
    assert [roughly(seconds) for seconds in (3, 44, 300, 7200)] == ["a few seconds", "40 s", "5 min", "2 h"]


def test_copies_say_the_same_request_in_several_ways() -> None:
    """Each names the service; a token stands there by name only; Python is Python and JSON the document."""
    document = {"name": "Bäume <3", "steps": {}, "flag": True}
    said = copies("abcdefgh23", "http://here", True, document)
    assert json.loads(said.pop("JSON")) == document
    assert all("http://here" in text for text in said.values())
    assert "$LMSVC_TOKEN" in said["curl"]
    compile(said["Python"], "copied", "exec")
    assert "LMSVC_TOKEN" not in "".join(copies("abcdefgh23", "http://here", False, {}).values())


def test_what_happened_is_told_latest_first() -> None:
    """Every kind of event is a sentence, one that is not known yet too."""
    events = [
        Event(1, 10.0, "state", {"state": "queued", "attempt": 1}),
        Event(2, 11.0, "state", {"state": "running", "attempt": 2}),
        Event(3, 12.0, "tags", {"tags": []}),
        Event(4, 13.0, "notice", {"channel": "webhook", "delivered": True, "tries": 2, "detail": "200 OK"}),
        Event(5, 14.0, "something_new", {}),
    ]
    assert [each.said for each in happenings(events)] == [
        "Something new",
        "Notice by webhook delivered after 2 tries: 200 OK",
        "Tags changed to: none",
        "Running, attempt 2",
        "Queued",
    ]


def test_previews_show_the_beginning() -> None:
    """Tables have their own delimiter and no byte order mark; long files are cut; JSON has its lines broken."""
    table = "\ufeffa;b\n" + "1;2\n" * 100
    shown = preview("x.csv", io.BytesIO(table.encode()))
    assert (shown.header, shown.rows[0], len(shown.rows), shown.cut) == (("a", "b"), ("1", "2"), SHOWN_ROWS, True)
    long = preview("x.txt", io.BytesIO(b"x" * (SHOWN_BYTES + 5)))
    assert (len(long.text), long.cut) == (SHOWN_BYTES, True)
    assert preview("x.json", io.BytesIO(b'{"a":1}')).text == '{\n  "a": 1\n}'
    assert preview("x.json", io.BytesIO(b"{no json")).text == "{no json"
    assert preview("empty.csv", io.BytesIO(b"")).kind == "text"
    kinds = [kind_of(name) for name in ("a.TIF", "b.geojson", "c.png", "d.lmm", "noname")]
    assert kinds == ["raster", "features", "picture", "none", "none"]
