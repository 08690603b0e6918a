"""``python -m bench``: measure the budgets, write the table, say whether they hold."""

import argparse
import signal
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from bench.context import Bench, Options, environment_of
from bench.lab import Lab
from bench.machine import is_idle, machine_facts
from bench.measures import MEASURES
from bench.paths import ROOT
from bench.report import Report, cells
from bench.rows import Row, Statistic, at_most
from bench.samples import Samples

OK, BROKEN, USAGE = 0, 1, 2


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the budgets beside raw CCTools.")
    parser.add_argument("--only", metavar="NAME[,NAME]", help=f"only these: {', '.join(MEASURES)}")
    parser.add_argument("--quick", action="store_true", help="few repetitions of small sizes: tries the bench itself")
    parser.add_argument("--long", action="store_true", help="also what takes tens of minutes")
    parser.add_argument("--peers", action="store_true", help="also other systems, installed below .cache")
    parser.add_argument("--programs", type=Path, help="directory of CCTools programs to measure instead of PATH's")
    cluster = "of an installed cluster to measure instead of the lab; its pools have other bounds meanwhile"
    parser.add_argument("--inventory", type=Path, help=f"directory {cluster}")
    parser.add_argument("--results", type=Path, default=ROOT / "bench-results", help="where the table goes")
    parser.add_argument("--work", type=Path, default=ROOT / ".cache" / "bench", help="where the services work")
    return parser.parse_args(argv)


def measured(name: str, bench: Bench) -> Iterator[Row]:
    """Yield the rows of one measure; what cannot be measured becomes a row that says why."""
    try:
        yield from MEASURES[name](bench)
    except Exception as error:
        traceback.print_exc()
        note = f"{type(error).__name__}: {error}"
        yield Row(name, f"{name}: the measure itself", "", Samples(()), (at_most(Statistic.MEDIAN, 0),), note=note)


def run(names: Sequence[str], bench: Bench, report: Report) -> None:
    """Measure and show each row as it comes."""
    for name in names:
        print(f"{name} ...", flush=True)
        for row in measured(name, bench):
            report.rows.append(row)
            print("  " + " | ".join(cells(row)), flush=True)


def chosen(only: str | None) -> list[str]:
    """Return the names of the measures asked for.

    Raises:
        KeyError: there is no such measure.
    """
    names = only.split(",") if only else list(MEASURES)
    for name in names:
        MEASURES[name]
    return names


def main(argv: Sequence[str] | None = None) -> int:
    """Run the bench; return 0 where every budget holds, 1 where one does not, 2 for wrong use."""
    given = arguments(argv)
    signal.signal(signal.SIGTERM, _end)
    try:
        names = chosen(given.only)
    except KeyError as error:
        print(f"there is no measure {error}; there are {', '.join(MEASURES)}", file=sys.stderr)
        return USAGE
    if given.inventory and not given.inventory.exists():
        print(f"there is no inventory {given.inventory}", file=sys.stderr)
        return USAGE
    environment = environment_of(given.programs)
    options = {"only": given.only, "quick": given.quick, "long": given.long, "peers": given.peers}
    report = Report(datetime.now(UTC), machine_facts(environment), options, is_idle())
    given.work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=given.work) as directory:
        options_given = Options(given.quick, given.long, given.peers)
        bench = Bench(options_given, Path(directory), environment, lab=Lab(given.inventory))
        try:
            run(names, bench, report)
        finally:
            paths = report.write(given.results)
            bench.lab.end()
    print("\n" + report.as_markdown() + "\n" + "\n".join(map(str, paths)))
    return BROKEN if report.broken else OK


def _end(signum: int, frame: FrameType | None) -> None:
    del signum, frame
    raise SystemExit(128 + signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
