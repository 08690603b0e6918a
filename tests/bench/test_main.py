"""The bench as a program."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import __main__ as program
from bench.context import Bench
from bench.measures import MEASURES
from bench.rows import Row, Statistic, Verdict, at_most
from bench.samples import Samples


def run(tmp_path: Path, *words: str) -> int:
    """Run the bench with results and work below a directory of the test's."""
    return program.main([*words, "--quick", "--results", str(tmp_path / "results"), "--work", str(tmp_path / "work")])


def broken(bench: Bench) -> Iterator[Row]:
    """Measure one thing that misses its budget, and fail at the next."""
    yield Row("broken", "slow", "s", Samples.of([2.0]), (at_most(Statistic.MEDIAN, 1.0),))
    raise RuntimeError(f"no {bench.slots} slots")


def test_a_missed_budget_ends_with_1_and_still_writes_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is missed and what cannot be measured both stand in the table, and the exit code says so."""
    monkeypatch.setattr(program, "MEASURES", {"broken": broken})
    assert run(tmp_path, "--only", "broken") == 1
    assert "| slow | median ≤ 1 | 2 s | 2 s | 1 |  | MISSED |" in capsys.readouterr().out
    (table,) = (tmp_path / "results").glob("*.md")
    assert "NOT MEASURED" in table.read_text(encoding="utf-8")
    assert not list((tmp_path / "work").iterdir())


def test_an_unknown_name_is_refused_with_the_names_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``--only`` with a name that is none says which there are, and measures nothing."""
    assert run(tmp_path, "--only", "latency,nothing") == 2
    message = capsys.readouterr().err
    assert all(name in message for name in MEASURES)
    assert not (tmp_path / "results").exists()


@pytest.mark.cctools
@pytest.mark.slow
def test_latency_is_measured_on_a_real_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quick run starts a service, times jobs from the POST to the package, and ends the service."""
    rows: list[Row] = []

    def latency(bench: Bench) -> Iterator[Row]:
        for row in MEASURES["latency"](bench):
            rows.append(row)
            yield row

    monkeypatch.setattr(program, "MEASURES", {"latency": latency})
    assert run(tmp_path, "--only", "latency") in (0, 1)
    ended, accepted = rows
    assert len(ended.samples) == len(accepted.samples) == 3
    assert all(
        1000 * end > accept > 0 for end, accept in zip(ended.samples.values, accepted.samples.values, strict=True)
    )
    assert {row.verdict for row in rows} <= {Verdict.MET, Verdict.MISSED}
    assert not list((tmp_path / "work").iterdir())
