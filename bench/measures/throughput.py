"""Many trivial items: the same command through the service, through raw makeflow and through peers."""

from collections.abc import Iterator, Mapping, Sequence

from bench.context import Bench
from bench.documents import touches, trivial
from bench.peers import PEERS, PeerFailed, items_seconds
from bench.raw import Rule, rule, run_attached
from bench.rows import Promise, Row, Statistic, at_least, at_most
from bench.samples import Samples, paired_ratios
from bench.service import Service

LARGEST_RAW = 10_000
"""Raw makeflow's time grows with the square of its rules."""


def throughput(bench: Bench) -> Iterator[Row]:
    """Measure items per second at several sizes, and what an item of the largest costs beside one of the smallest."""
    sizes = _sizes(bench)
    per_item: dict[int, Samples] = {}
    with bench.service() as service:
        service.run(trivial())
        for count in sizes:
            repeats = bench.count(3 if count == sizes[0] else 1, 1)
            ours, others = _measured(bench, service, count, repeats)
            per_item[count] = Samples.of(1000 * seconds / count for seconds in ours)
            yield from _rows(count, ours, others)
    for count in sizes[1:]:
        yield growth_row(sizes[0], count, per_item)


def _sizes(bench: Bench) -> Sequence[int]:
    if bench.options.quick:
        return (50, 200)
    return (1000, 10_000, 100_000) if bench.options.long else (1000, 10_000)


def _measured(bench: Bench, service: Service, count: int, repeats: int) -> tuple[list[float], dict[str, list[float]]]:
    """Measure the service and the others in turn; return their seconds."""
    ours: list[float] = []
    others: dict[str, list[float]] = {}
    for _ in range(repeats):
        ours.append(service.run(touches(count)).ended)
        if count <= LARGEST_RAW:
            others.setdefault("raw makeflow", []).append(_raw(bench, count))
            for name, seconds in _peers(bench, count):
                others.setdefault(name, []).append(seconds)
    return ours, others


def _raw(bench: Bench, count: int) -> float:
    rules: list[Rule] = [rule("touch out.txt", [], [(f"{number}.txt", "out.txt")]) for number in range(count)]
    with bench.room("raw") as directory:
        return run_attached(bench, directory, rules).ended


def _peers(bench: Bench, count: int) -> Iterator[tuple[str, float]]:
    """Yield each peer's seconds; where it cannot be measured the time is not a number."""
    for peer in PEERS if bench.options.peers else ():
        try:
            yield peer.name, items_seconds(bench, peer, count)
        except PeerFailed as error:
            print(f"  {error}", flush=True)


def _rows(count: int, ours: Sequence[float], others: Mapping[str, Sequence[float]]) -> Iterator[Row]:
    what = f"{count} trivial items, service"
    rates = {name: [count / seconds for seconds in times] for name, times in others.items()}
    peers = {name: rate for name, rate in rates.items() if name != "raw makeflow" and len(rate) == len(ours)}
    fastest = max(peers, key=lambda name: Samples.of(peers[name]).median, default="raw makeflow")
    promises: tuple[Promise, ...] = (at_least(Statistic.RATIO, 1.0),) if peers else ()
    mine = [count / seconds for seconds in ours]
    samples = Samples.of(mine, higher_is_better=True)
    note = "" if peers else "the budget compares with peers: needs --peers"
    ratio = paired_ratios(mine, rates[fastest]) if fastest in rates else None
    yield Row("throughput", what, "per s", samples, promises, ratio, fastest, note)
    for name, rate in rates.items():
        yield Row("throughput", f"{count} trivial items, {name}", "per s", Samples.of(rate, higher_is_better=True))


def growth_row(small: int, large: int, per_item: Mapping[int, Samples]) -> Row:
    """Return the row that compares an item of a large job with one of a small job."""
    base = per_item[small].median
    ratio = Samples.of(value / base for value in per_item[large].values)
    what = f"milliseconds per item, {large} items"
    promises = (at_most(Statistic.RATIO, 1.2),)
    return Row("throughput", what, "ms", per_item[large], promises, ratio, f"{small} items")
