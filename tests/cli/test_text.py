"""Text for people."""

import pytest

from lmsvc.cli.progress import counts_text, headline, is_over
from lmsvc.cli.text import columns, duration_text, size_text
from lmsvc.client.models import Job, Step
from lmsvc.client.models import Progress as Counts

STEP: Step = {
    "step": "model",
    "tool": "create_sdm",
    "category": "sdm",
    "pool": "default",
    "stage": "model",
    "waiting": 0,
    "running": 0,
    "done": 9,
    "failed": 1,
    "skipped": 2,
    "total": 12,
}
SIZES = [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (2_500_000, "2.5 MB"), (5e15, "5000.0 TB")]
DURATIONS = [("00:00:02.500", "2.5 s"), ("00:02:05", "2 min 5 s"), ("03:02:05", "3 h 2 min")]


@pytest.mark.parametrize(("size", "text"), SIZES)
def test_sizes_have_units(size: float, text: str) -> None:
    """Sizes are powers of 1000, as disks are sold."""
    assert size_text(size) == text


@pytest.mark.parametrize(("end", "text"), DURATIONS)
def test_durations_have_units(end: str, text: str) -> None:
    """Durations are shown with as much as matters."""
    assert duration_text("2026-01-01T00:00:00Z", f"2026-01-01T{end}Z") == text


def test_a_clock_that_went_back_gives_no_negative_time() -> None:
    """A duration is never below zero."""
    assert duration_text("2026-01-01T00:00:05Z", "2026-01-01T00:00:00Z") == "0.0 s"


def test_columns_are_aligned_and_gaps_are_shown() -> None:
    """Each column is as wide as its widest cell; None is a dash, a list is joined."""
    assert columns(["a", "bb"], [["xxx", None], [["p", "q"], 0]]) == "a     bb\nxxx   -\np, q  0"


def test_progress_counts_what_went_wrong() -> None:
    """Items done of all, and the rest by kind; unknown totals are a question mark."""
    assert counts_text(STEP) == "9/12, 1 failed, 2 skipped"
    assert counts_text({"waiting": 0, "running": 1, "done": 9, "failed": 0, "skipped": 0, "total": None}) == "9/?"


def test_a_step_is_over_when_all_items_have_ended() -> None:
    """Failed and skipped items count as ended; an unknown total is never over."""
    assert is_over(STEP)
    assert not is_over({**STEP, "total": None})


def test_a_waiting_job_says_why() -> None:
    """The reason stands beside the state."""
    counts: Counts = {"waiting": 1, "running": 0, "done": 0, "failed": 0, "skipped": 0, "total": 1}
    job: Job = {
        "id": "abcdefgh23",
        "name": "n",
        "user": "local",
        "state": "queued",
        "attempt": 1,
        "tags": [],
        "cancel_requested": False,
        "expires": None,
        "removed": False,
        "links": {},
        "queue_position": 2,
        "submitted": "2026-01-01T00:00:00Z",
        "started": None,
        "ended": None,
        "waiting": "2nd in queue",
        "error": None,
        "summary": None,
        "progress": counts,
        "steps": [],
    }
    assert headline(job) == "queued (2nd in queue)"
