"""How long ``playbooks/site.yml`` takes on three hosts: bare, with images at hand, and with nothing to change."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

from bench.cluster import Cluster
from bench.context import Bench
from bench.rows import Row, Statistic, at_most
from bench.samples import Samples

BARE_SECONDS, NOTHING_SECONDS = 300.0, 60.0


def site(bench: Bench) -> Iterator[Row]:
    """Measure on the cluster that is there, or from bare hosts on."""
    cluster = bench.lab.hosts()
    if bench.lab.is_bare:
        yield _from_bare(cluster)
        bench.lab.is_bare = False
    yield _nothing_to_change(bench, cluster)


@dataclass(frozen=True)
class _Play:
    """One run of the playbook.

    Attributes:
        seconds: how long it took.
        changed: how many tasks changed something.
        images: how many images it had to make.
        hosts: how many hosts it went over.
    """

    seconds: float
    changed: int
    images: int
    hosts: int


def _play(cluster: Cluster) -> _Play:
    started = time.monotonic()
    said = cluster.playbook("site")
    seconds = time.monotonic() - started
    making = said.partition("TASK [images : Make images]")[2].partition("\nTASK ")[0]
    changed = dict(re.findall(r"^(\S+) +: ok=.* changed=(\d+)", said, re.MULTILINE))
    images = len(re.findall(r"^changed: .*\(item=", making, re.MULTILINE))
    return _Play(seconds, sum(map(int, changed.values())), images, len(changed.keys() - {"localhost"}))


def _from_bare(cluster: Cluster) -> Row:
    play = _play(cluster)
    promises = () if play.images else (at_most(Statistic.MEDIAN, BARE_SECONDS),)
    images = f"{play.images} images made first" if play.images else "images at hand"
    samples = Samples.of([play.seconds])
    return Row(
        "site", "site.yml on bare hosts, to healthy", "s", samples, promises, note=f"{play.hosts} hosts, {images}"
    )


def _nothing_to_change(bench: Bench, cluster: Cluster) -> Row:
    plays = [_play(cluster) for _ in range(bench.count(3, 1))]
    samples = Samples.of(play.seconds for play in plays)
    note = f"{plays[0].hosts} hosts, changed={sum(play.changed for play in plays)}"
    promises = (at_most(Statistic.MEDIAN, NOTHING_SECONDS),)
    return Row("site", "site.yml with nothing to change", "s", samples, promises, note=note)
