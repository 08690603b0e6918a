"""The table: gathered row by row, written as JSON and as Markdown."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.rows import Row, Statistic, Verdict
from bench.samples import Samples

HEADER = ("what", "budget", "median", "worst", "n", "ratio", "verdict")
DIGITS = 3


@dataclass
class Report:
    """Everything one run found out."""

    date: datetime
    machine: Mapping[str, str]
    options: Mapping[str, object]
    was_idle: bool = True
    rows: list[Row] = field(default_factory=list)

    @property
    def broken(self) -> list[Row]:
        """The rows whose budget was missed or not measured."""
        return [row for row in self.rows if row.verdict in (Verdict.MISSED, Verdict.NOT_MEASURED)]

    def write(self, directory: Path) -> tuple[Path, Path]:
        """Write the table under its date; return the paths of the JSON and the Markdown file."""
        directory.mkdir(parents=True, exist_ok=True)
        stem = self.date.strftime("%Y-%m-%dT%H%M%SZ")
        as_json, as_text = directory / f"{stem}.json", directory / f"{stem}.md"
        as_json.write_text(json.dumps(self.as_json(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        as_text.write_text(self.as_markdown(), encoding="utf-8")
        return as_json, as_text

    def as_json(self) -> dict[str, Any]:
        """Return everything, each sample included."""
        return {
            "date": self.date.isoformat(timespec="seconds"),
            "machine": dict(self.machine),
            "options": dict(self.options),
            "was_idle": self.was_idle,
            "missed": len(self.broken),
            "rows": [_row_json(row) for row in self.rows],
        }

    def as_markdown(self) -> str:
        """Return the table with the machine's facts and the verdict of the whole."""
        facts = [f"- {name}: {value}" for name, value in {**self.machine, **self._options()}.items()]
        lines = [f"# Budgets, {self.date:%Y-%m-%d %H:%M} UTC", "", *facts, "", self.summary(), ""]
        lines += [_line(HEADER), _line("---" for _ in HEADER)]
        lines += [_line(cells(row)) for row in self.rows]
        notes = [f"- {row.what}: {row.note}" for row in self.rows if row.note]
        return "\n".join([*lines, "", *notes]).rstrip() + "\n"

    def summary(self) -> str:
        """Return in one sentence how many budgets hold."""
        promised = [row for row in self.rows if row.promises]
        caveat = "" if self.was_idle else " The machine was busy before: do not trust these figures."
        if not self.broken:
            return f"All {len(promised)} budgets measured are met.{caveat}"
        names = "; ".join(f"{row.what} ({row.verdict})" for row in self.broken)
        return f"{len(self.broken)} of {len(promised)} budgets do not hold: {names}.{caveat}"

    def _options(self) -> dict[str, str]:
        chosen = ", ".join(f"{name}={value}" for name, value in self.options.items() if value)
        return {"options": chosen} if chosen else {}


def cells(row: Row) -> tuple[str, ...]:
    """Return the cells of a row's line."""
    measured = len(row.samples) > 0
    return (
        row.what,
        ", ".join(map(str, row.promises)),
        _figure(row, Statistic.MEDIAN, row.unit) if measured else "-",
        _figure(row, Statistic.WORST, row.unit) if measured else "-",
        str(len(row.samples)),
        f"{row.ratio.median:.2f} of {row.ratio_to}" if row.ratio else "",
        str(row.verdict),
    )


def _figure(row: Row, statistic: Statistic, unit: str) -> str:
    value = row.figure(statistic)
    return "-" if value is None else f"{significant(value)} {unit}"


def significant(value: float) -> str:
    """Return a number with three digits that count, without an exponent."""
    if abs(value) >= 10**DIGITS:
        return f"{value:.0f}"
    return f"{value:.{DIGITS}g}"


def _line(parts: Iterable[str]) -> str:
    return f"| {' | '.join(part.replace('|', '/') for part in parts)} |"


def _row_json(row: Row) -> dict[str, Any]:
    return {
        "measure": row.measure,
        "what": row.what,
        "unit": row.unit,
        "samples": list(row.samples.values),
        "median": row.figure(Statistic.MEDIAN),
        "worst": row.figure(Statistic.WORST),
        "p99": row.figure(Statistic.P99),
        "budget": [asdict(promise) for promise in row.promises],
        "ratio": _ratio_json(row.ratio, row.ratio_to),
        "verdict": row.verdict,
        "note": row.note,
    }


def _ratio_json(ratio: Samples | None, ratio_to: str) -> dict[str, Any] | None:
    return {"to": ratio_to, "median": ratio.median, "samples": list(ratio.values)} if ratio else None
