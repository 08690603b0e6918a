"""The measures of a cluster, as far as they can be tried without one."""

import contextlib
import importlib
import io
import json
import os
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml

from bench import __main__ as program
from bench import lab as labs
from bench.cluster import Cluster, CommandFailed, Room, by_host
from bench.context import Bench, Options, environment_of
from bench.documents import trivial
from bench.jobs import run_job
from bench.lab import Lab
from bench.measures import MEASURES
from bench.measures.discovery import start_to_task
from bench.measures.overlay import distant_hosts, starts_to_tasks
from bench.paths import ROOT
from bench.pools import Chosen, NotPossible, largest
from bench.ports import Ports
from bench.rows import Verdict
from bench.service import POOL
from lmsvc.client import Client

EXAMPLE = ROOT / "inventories" / "example"
ROOMS = dict.fromkeys(("alpha", "beta", "gamma"), Room(2, 16000))


def pool(name: str, least: int, most: int, **fields: object) -> dict[str, Any]:
    """Return a pool as the service shows it, with no slots yet on the three hosts."""
    hosts = [{"host": host, "serves": True, "idle": 0, "busy": 0, "wanted": 0} for host in ROOMS]
    shape = {"cores": 1, "memory_mb": 1000, "hosts": hosts}
    state = {"wanted": 0, "slots": 0, "idle": 0, "busy": 0, "tasks_waiting": 0, "tasks_running": 0}
    return {"name": name, "min": least, "max": most, **shape, **state, **fields}


def test_what_ansible_prints_is_read_by_host() -> None:
    """Answers of modules and output of commands are told apart by their hosts, whatever lines they have."""
    said = "one | CHANGED | rc=0 >>\na | b => c\n\n  d\ntwo | SUCCESS => \n    facts:\n        cores: 2\n"
    found = by_host(said)
    assert found["one"] == "a | b => c\n\n  d"
    assert yaml.safe_load(found["two"]) == {"facts": {"cores": 2}}


def test_the_pages_say_where_service_and_hosts_are() -> None:
    """The example's own pages give address, authority, data directory and who is a controller and a worker."""
    facts = Cluster(EXAMPLE).facts
    assert facts.url == "https://192.0.2.11"
    assert facts.authority == f"{EXAMPLE}/cache/ca.crt"
    assert facts.data_dir == "/var/lib/lmsvc/data"
    assert (facts.controllers, facts.workers) == (["alpha"], ["alpha", "beta", "gamma"])


@pytest.mark.parametrize(
    ("pools", "chosen"),
    [
        ([pool("sdm", 1, 6), pool("occurrences", 1, 12)], Chosen("occurrences", 5)),
        ([pool("sdm", 0, 4), pool("occurrences", 0, 3)], Chosen("sdm", 4)),
        ([pool("sdm", 1, 12, cores=2), pool("occurrences", 1, 6)], Chosen("sdm", 2)),
        ([pool("sdm", 0, 12, memory_mb=8000)], Chosen("sdm", 3)),
        ([pool("sdm", 0, 12), pool("gone", 0, 20, min=None, max=None)], Chosen("sdm", 6)),
    ],
)
def test_the_largest_pool_is_scaled_as_far_as_there_is_room(pools: list[dict[str, Any]], chosen: Chosen) -> None:
    """Cores, half the memory, the bound of the page and the least slots of other pools all limit it."""
    assert largest(pools, ROOMS) == chosen


def test_a_cluster_without_room_is_not_measured() -> None:
    """Neither a pool that fits once nor none at all can grow; hosts that do not serve have no room."""
    small = pool("sdm", 0, 12)
    for host in small["hosts"]:
        host["serves"] = False
    for pools in ([small], [pool("sdm", 0, 1)], []):
        with pytest.raises(NotPossible):
            largest(pools, ROOMS)


def test_the_overlay_is_crossed_to_idle_slots_without_a_controller() -> None:
    """Of the worker hosts those count that are no controller's and have a slot without work."""
    one = pool("sdm", 1, 6)
    for host, idle in zip(one["hosts"], (1, 0, 2), strict=True):
        host["idle"] = idle
    facts = Cluster(EXAMPLE).facts
    client = cast(Client, SimpleNamespace(pools=lambda: [one]))
    assert distant_hosts(client, "sdm", facts) == ["gamma"]
    with pytest.raises(NotPossible, match="every worker host"):
        distant_hosts(client, "sdm", replace(facts, controllers=["alpha", "beta", "gamma"]))


class Hosts(Cluster):
    """A cluster whose playbooks are only noted, and whose service has the slots a moment after scale.yml said so."""

    def __init__(self, *pools: dict[str, Any]) -> None:
        """Begin with some pools at rest."""
        super().__init__(EXAMPLE)
        self.found = {one["name"]: one for one in pools}
        self.played: list[tuple[str, ...]] = []
        self.looks = 0
        self.cancelled: list[str] = []

    def playbook(self, name: str, *words: str) -> str:
        """Note it, and what bounds it gives."""
        self.played.append((name, *words))
        given = dict(word.split("=") for word in words if "=" in word)
        if "pool" in given:
            bounds = {"min": int(given["slots_min"]), "max": int(given["slots_max"])}
            self.found[given["pool"]] |= {**bounds, "goal": bounds["min"], "busy": 0}
        return ""

    def pools(self) -> list[dict[str, Any]]:
        """Return the pools; each second look shows one more slot or one less, until there are as many as wanted."""
        self.looks += 1
        for one in self.found.values():
            goal = one.get("goal", 0)
            one["wanted"] = goal
            if self.looks % 2 == 0:
                one["slots"] += (goal > one["slots"]) - (goal < one["slots"])
            one["busy"] = one["slots"] if one.get("work") else 0
        return [dict(one) for one in self.found.values()]

    def submit(self, document: Mapping[str, Any]) -> dict[str, str]:
        """Take a job: its pool wants all it may have."""
        own = self.found[document["pool"]]
        own |= {"goal": own["max"], "work": True}
        return {"id": f"job of {len(document['inputs']['seconds']['value'])}"}

    def cancel(self, job_id: str) -> None:
        """End the job."""
        self.cancelled.append(job_id)
        for one in self.found.values():
            one |= {"goal": one["min"], "work": False}


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch) -> Hosts:
    """Give a pretended cluster that the measures of scaling use."""
    cluster = Hosts(pool("occurrences", 1, 12), pool("sdm", 1, 6))

    @contextlib.contextmanager
    def idle(_: Bench) -> Iterator[tuple[Hosts, Hosts, Chosen]]:
        with cluster.other_bounds():
            yield cluster, cluster, Chosen("occurrences", 5)

    monkeypatch.setattr(importlib.import_module("bench.measures.scaling"), "idle_cluster", idle)
    return cluster


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Give a bench for a quick run."""
    return Bench(Options(quick=True), tmp_path, dict(os.environ))


def test_scaling_is_timed_until_the_service_shows_it(bench: Bench, hosts: Hosts) -> None:
    """Up and down end after the playbook, with the promise of 20 s; the page is applied in the end."""
    up, played_up, down, played_down = MEASURES["scale"](bench)
    for seen, played in ((up, played_up), (down, played_down)):
        assert seen.samples.median >= played.samples.median >= 0
        assert [promise.bound for promise in seen.promises] == [20]
        assert (seen.verdict, played.verdict) == (Verdict.MET, Verdict.NONE)
    assert up.samples.median > 0.5, "it looked until five slots had come one by one"
    assert hosts.played[-1] == ("scale",)
    assert hosts.played[1] == ("scale", "-e", "pool=occurrences", "-e", "slots_min=5", "-e", "slots_max=5")


def test_growth_is_timed_until_every_slot_is_busy(bench: Bench, hosts: Hosts) -> None:
    """Wanted come first, then slots, then busy ones; the job is cancelled and the page applied."""
    busy, there, wanted = MEASURES["growth"](bench)
    assert busy.samples.median >= there.samples.median > wanted.samples.median > 0
    assert [promise.bound for promise in busy.promises] == [10]
    assert hosts.cancelled == ["job of 100"]
    assert hosts.played[0][-1] == "slots_max=5" and hosts.played[-1] == ("scale",)


def write_job(jobs: Path, job_id: str, makeflow: float, host: str, started: float) -> None:
    """Write of a job what its makeflow and its one task leave on disk."""
    lock = jobs / job_id / "stages" / "say" / "0" / "1" / "lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    os.utime(lock, (makeflow, makeflow))
    (jobs / job_id / "bundles").mkdir()
    text = json.dumps({"format": 1, "host": host, "started": started}, indent=1).encode()
    with tarfile.open(jobs / job_id / "bundles" / "say-0.tar", "w") as bundle:
        status = tarfile.TarInfo("status.json")
        status.size = len(text)
        bundle.addfile(status, io.BytesIO(text))


@pytest.fixture
def site(tmp_path: Path) -> Cluster:
    """Give a cluster of this machine alone, with two jobs of a worker and one of the controller in its directory."""
    write_job(tmp_path / "jobs", "a", 1000.125, "gamma", 1000.375)
    write_job(tmp_path / "jobs", "b", 2000.5, "gamma", 2002.0)
    write_job(tmp_path / "jobs", "c", 3000.0, "alpha", 3000.1)
    return Cluster(write_page(tmp_path, tmp_path))


def write_page(directory: Path, data_dir: Path) -> Path:
    """Write the inventory of a cluster whose hosts are this machine, and return its path."""
    own = {"summary_url": "https://here", "summary_authority": "", "site_data_dir": str(data_dir)}
    own |= {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3"}
    groups = {"web": ["alpha"], "controller": ["alpha"], "worker": ["alpha", "gamma"]}
    members = {name: {"hosts": dict.fromkeys(names)} for name, names in groups.items()}
    page = directory / "hosts.yml"
    page.write_text(yaml.safe_dump({"all": {"vars": own, "children": members}}))
    return page


def test_starts_are_read_on_the_web_host(site: Cluster) -> None:
    """The start of makeflow is its lock's date, that of the task stands in its bundle."""
    assert starts_to_tasks(site, ["b", "a"]) == [1.5, 0.25]


def test_a_task_on_a_controllers_host_does_not_count(site: Cluster) -> None:
    """It has not crossed the overlay, so there is no figure."""
    with pytest.raises(NotPossible, match="alpha"):
        starts_to_tasks(site, ["a", "c"])


def test_hosts_are_asked_for_their_room(site: Cluster) -> None:
    """Each worker host says how many cores and how much memory it has; a command that fails is an error."""
    assert site.rooms().keys() == {"alpha", "gamma"}
    assert all(room.cores == os.cpu_count() and room.memory_mb > 100 for room in site.rooms().values())
    with pytest.raises(CommandFailed, match="false"):
        site.printed("web[0]", ["false"])


def test_hosts_are_made_once_and_removed_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a lab one is made for all measures of a run; what was there before is left alone."""
    ran: list[str] = []
    monkeypatch.setattr(labs, "LAB", tmp_path / "lab")

    def run_here(words: list[str]) -> None:
        ran.append(words[1])
        (tmp_path / "lab").mkdir(exist_ok=True)

    monkeypatch.setattr(labs, "run_here", run_here)
    monkeypatch.setattr(Cluster, "playbook", lambda _, name: ran.append(name))
    ours = Lab()
    assert ours.hosts().inventory == tmp_path / "lab" and ours.is_bare
    ours.installed()
    ours.installed()
    ours.end()
    assert ran == ["molecule", "site", "lab-down"]
    theirs = Lab(tmp_path)
    theirs.installed()
    theirs.end()
    assert ran == ["molecule", "site", "lab-down"]


def test_an_inventory_that_is_not_there_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is made in its place."""
    assert program.main(["--only", "scale", "--inventory", str(tmp_path / "none")]) == program.USAGE
    assert "no inventory" in capsys.readouterr().err


@pytest.mark.cctools
@pytest.mark.slow
def test_starts_of_a_real_job_are_read_as_on_one_machine(tmp_path: Path) -> None:
    """A job of the service on this machine has the same figure by the web host's files as by the bench's reading."""
    own = Bench(Options(quick=True), tmp_path, environment_of(None), slots=1, ports=Ports(22300, 22499))
    with own.service() as service:
        job_id = run_job(service.client, {**trivial(), "pool": POOL}).job_id
        page = write_page(tmp_path, service.data_dir)
        (seconds,) = starts_to_tasks(Cluster(page), [job_id])
        assert seconds == pytest.approx(start_to_task(service, job_id), abs=0.001)
        assert 0 < seconds < 10
