"""Services with a web API: one task from the POST to its end."""

from collections.abc import Iterator

from bench.context import Bench
from bench.rows import Row


def one_task_rows(bench: Bench) -> Iterator[Row]:
    """Measure the peers that have a web API."""
    yield from ()
