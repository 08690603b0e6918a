"""Promises, verdicts and the table."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.report import Report, significant
from bench.rows import Row, Statistic, Verdict, at_least, at_most
from bench.samples import Samples


def row(values: list[float], *, worst: float = 1.0) -> Row:
    """Return a row with the promises median at most 0.3 and worst at most ``worst``."""
    promises = (at_most(Statistic.MEDIAN, 0.3), at_most(Statistic.WORST, worst))
    return Row("discovery", "first task", "s", Samples.of(values), promises)


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([0.1, 0.3, 1.0], Verdict.MET),
        ([0.1, 0.31, 0.4], Verdict.MISSED),
        ([0.1, 0.2, 1.01], Verdict.MISSED),
        ([], Verdict.NOT_MEASURED),
    ],
)
def test_every_promise_of_a_row_has_to_hold(values: list[float], verdict: Verdict) -> None:
    """The bound itself is still good; one broken promise is enough, and nothing measured is not met."""
    assert row(values).verdict is verdict


def test_a_ratio_is_judged_by_its_median() -> None:
    """A row may promise a ratio, here that a rate is at least that of another row."""
    promise = (at_least(Statistic.RATIO, 1.0),)
    good = Row("t", "rate", "per s", Samples.of([500]), promise, Samples.of([0.5, 1.1, 1.2]), "Dask")
    assert good.verdict is Verdict.MET
    assert Row("t", "rate", "per s", Samples.of([500]), promise).verdict is Verdict.NOT_MEASURED


def test_a_row_without_a_budget_is_only_shown() -> None:
    """What stands there for comparison is neither met nor missed."""
    assert Row("t", "raw", "s", Samples.of([1])).verdict is Verdict.NONE


def report(*rows: Row) -> Report:
    """Return a report of some rows."""
    machine = {"cores": "2", "cctools": "7.14.5"}
    return Report(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), machine, {"quick": True}, True, list(rows))


def test_the_table_is_written_twice_under_its_date(tmp_path: Path) -> None:
    """JSON holds each sample, Markdown a line per row with the verdict, both the machine's facts."""
    as_json, as_text = report(row([0.1, 0.2, 2.0])).write(tmp_path)
    assert (as_json.name, as_text.name) == ("2026-01-02T030405Z.json", "2026-01-02T030405Z.md")
    data = json.loads(as_json.read_text(encoding="utf-8"))
    assert data["rows"][0]["samples"] == [0.1, 0.2, 2.0]
    assert (data["missed"], data["machine"]["cctools"], data["rows"][0]["verdict"]) == (1, "7.14.5", "MISSED")
    text = as_text.read_text(encoding="utf-8")
    assert "| first task | median ≤ 0.3, worst ≤ 1 | 0.2 s | 2 s | 3 |  | MISSED |" in text
    assert "- cctools: 7.14.5" in text
    assert "1 of 1 budgets do not hold: first task (MISSED)." in text


def test_a_table_says_when_the_machine_was_busy() -> None:
    """Figures of a busy machine carry the warning, whatever they are."""
    busy = report(row([0.1]))
    busy.was_idle = False
    assert busy.summary() == "All 1 budgets measured are met. The machine was busy before: do not trust these figures."


@pytest.mark.parametrize(("value", "text"), [(0.12345, "0.123"), (12345.6, "12346"), (20.0, "20"), (0.0, "0")])
def test_numbers_have_the_digits_that_count(value: float, text: str) -> None:
    """Three digits that count, and never an exponent."""
    assert significant(value) == text
