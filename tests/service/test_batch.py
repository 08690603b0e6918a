"""A pool whose slots are jobs of a batch system: a Slurm of one node, the stock factory, and the whole service."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from lmsvc.worker import batch_queue
from tests import slurm
from tests.service.documents import sleep_each
from tests.service.running import RunningService, wait_for

pytestmark = [pytest.mark.cctools, pytest.mark.full]
POOL = {"backend": "slurm", "memory_mb": 500, "disk_mb": 500, "slots": {"min": 0, "max": 2}}
GROWTH_SECONDS = 240
"""The factory looks every 35 s, managers tell of their tasks every 60 s."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[slurm.Slurm]:
    """A Slurm of one node."""
    if reason := slurm.missing():
        pytest.skip(reason)
    one = slurm.Slurm(tmp_path / "slurm")
    yield one
    one.end()


@pytest.fixture
def service(site: slurm.Slurm, tmp_path: Path) -> Iterator[RunningService]:
    """A service whose only pool is Slurm's."""
    own = RunningService(tmp_path / "data", site.environment, pools={"default": POOL}, batch_seconds=0.1)
    own.start()
    yield own
    own.stop()


def busy(service: RunningService) -> int:
    """Return how many slots run a task."""
    return int(service.client.pools()[0]["busy"])


def test_slurm_starts_slots_for_work_and_ends_them_after_it(service: RunningService, site: slurm.Slurm) -> None:
    """No job without work, as many as allowed with it; a cancelled one loses no task; in the end none is left."""
    assert site.jobs() == []
    job_id = service.submit(sleep_each("seconds", [4.0] * 12))
    wait_for("two slots busy", lambda: busy(service) == 2, GROWTH_SECONDS)
    jobs = site.jobs()
    assert len(jobs) == 2
    site.cancel(jobs[0])
    job = service.wait_for_end(job_id, GROWTH_SECONDS)
    assert (job["state"], job["progress"]["done"]) == ("succeeded", 12), service.logs()
    hosts = {task["host"] for task in service.tasks(job_id)}
    assert f"{socket.gethostname().lower()}-{jobs[1]}" in hosts
    wait_for("no job left", lambda: not site.jobs(), GROWTH_SECONDS)
    assert not list(service.data_dir.glob("**/lmsvc-default-*"))


def test_jobs_that_are_gone_before_they_began_are_missed(
    site: slurm.Slurm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A factory that counts two jobs, of which one was cancelled while it waited; another pool's job stays."""
    monkeypatch.setattr(batch_queue, "LOOK_SECONDS", 0.0)
    site.ask("scontrol", "update", "NodeName=n1", "State=DRAIN", "Reason=test")
    for name in ("lmsvc-sdm", "lmsvc-sdm", "lmsvc-rest"):
        site.ask("sbatch", f"--job-name={name}", f"--chdir={tmp_path}", "--wrap=sleep 100")
    (tmp_path / "log").write_text("|submitted: 0 |needed: 2 \n|submitted: 2 |needed: 2 \n")
    queue = batch_queue.Queue("lmsvc-sdm", {**os.environ, **site.environment})
    assert not any(queue.lacks(tmp_path / "log") for _ in range(6))
    site.cancel(min(site.jobs()))
    assert [queue.lacks(tmp_path / "log") for _ in range(batch_queue.LOOKS)][-2:] == [False, True]
    queue.withdraw_waiting()
    assert len(site.jobs()) == 1


def test_jobs_are_withdrawn_with_the_service(service: RunningService, site: slurm.Slurm) -> None:
    """Stopped in the middle of work, the service leaves no job in the queue and no process on the node."""
    service.submit(sleep_each("seconds", [60.0] * 2))
    wait_for("a slot busy", lambda: busy(service) >= 1, GROWTH_SECONDS)
    service.stop()
    wait_for("no job left", lambda: not site.jobs(), 60)
