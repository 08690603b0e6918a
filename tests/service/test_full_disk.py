"""The data directory on a small disk that fills up: clear errors, nothing half-stored, and on again with room."""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.service.conftest import ServiceFactory
from tests.service.documents import each_text, echo, one_text
from tests.service.running import RunningService, wait_for
from tests.service.shell_tools import shell_tool

pytestmark = [
    pytest.mark.cctools,
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root"),
]

DISK_MB = 64
RESERVE_MB = 10
MEGABYTE = 1_000_000


class SmallDisk:
    """A service whose data directory is a file system of its own, seen by its processes alone."""

    def __init__(self, make: ServiceFactory, directory: Path) -> None:
        """Start the service with a tool that writes as many MB as its text says, then waits for a file ``go``."""
        self.go = directory / "go"
        script = f'head -c "$1"000000 /dev/zero > text.txt || exit 1; until [ -e {self.go} ]; do sleep 0.1; done'
        tools = shell_tool(directory / "tools", "writes", script, disk_mb=20)
        mount = f'mount -t tmpfs -o size={DISK_MB}m none "{directory}/data0" && exec "$@"'
        self.service: RunningService = make(
            ("unshare", "-m", "sh", "-c", mount, "sh"),
            tool_dirs=[str(tools)],
            limits={"reserve_mb": RESERVE_MB},
            pools={"default": {"slots": 1, "disk_mb": 20}},
            batch_seconds=0.001,
        )
        assert self.service.process is not None
        self.place = Path(f"/proc/{self.service.process.pid}/root{self.service.data_dir}")

    def free_mb(self) -> float:
        """Return how much can still be written."""
        facts = os.statvfs(self.place)
        return facts.f_bavail * facts.f_frsize / MEGABYTE

    def fill(self, leave_mb: float = 0.0) -> None:
        """Fill the disk up to what is to be left."""
        page = b"\0" * 4096
        with (self.place / "filler").open("wb", buffering=0) as filler:
            while self.free_mb() > leave_mb + 0.005:
                try:
                    filler.write(page)
                except OSError:
                    return

    def make_room(self) -> None:
        """Remove what filled it."""
        (self.place / "filler").unlink(missing_ok=True)

    def files(self) -> set[str]:
        """Return all files of uploads and jobs."""
        found = (path for part in ("uploads", "jobs") for path in (self.place / part).rglob("*"))
        return {str(path.relative_to(self.place)) for path in found if path.is_file() and path.name != ".lock"}

    def log(self) -> str:
        """Return the end of the controller's log."""
        return (self.place / "logs" / "controller.log").read_text(errors="replace")[-6000:]

    def half_written(self) -> set[str]:
        """Return the files that are only there while something is being written."""
        return {name for name in self.files() if name.endswith((".partial", ".lost", ".part")) or "/incoming/" in name}


@pytest.fixture
def disk(own_service: ServiceFactory, tmp_path: Path) -> Iterator[SmallDisk]:
    """Give a service on a small disk that must be as before at the end."""
    disk = SmallDisk(own_service, tmp_path)
    yield disk
    disk.make_room()
    assert disk.service.run(echo(), 120)["state"] == "succeeded", disk.log()
    assert disk.half_written() == set()


def test_nothing_is_accepted_on_a_full_disk(disk: SmallDisk) -> None:
    """With less than the reserve left, jobs and uploads are refused with a 507 and leave no trace."""
    before = disk.files()
    disk.fill(leave_mb=RESERVE_MB / 2)
    with httpx.Client(base_url=disk.service.url, trust_env=False, timeout=30) as http:
        answers = [http.post("/api/v1/jobs", json=echo()), http.put("/api/v1/uploads/points.csv", content=b"a,b\n")]
        for answer in answers:
            problem = answer.json()
            assert (answer.status_code, problem["type"]) == (507, "urn:lmsvc:no-space")
            assert "reserve" in problem["detail"]
        assert http.get("/api/v1/jobs").json()["jobs"] == []
        assert http.get("/").status_code == 200
    assert disk.files() == before


def test_an_upload_that_fills_the_disk_is_taken_back(disk: SmallDisk) -> None:
    """An upload of unknown size that does not fit is refused with a 507, and what came of it is gone."""
    before = disk.files()
    pieces = (bytes(MEGABYTE) for _ in range(2 * DISK_MB))
    answer = httpx.put(f"{disk.service.url}/api/v1/uploads/big", content=pieces, trust_env=False, timeout=60)
    assert (answer.status_code, answer.json()["type"]) == (507, "urn:lmsvc:no-space")
    assert disk.files() == before
    assert disk.free_mb() > RESERVE_MB


def test_a_job_that_fills_the_disk_fails_with_the_place(disk: SmallDisk) -> None:
    """A tool that writes more than there is fails its item with the host and directory that are full."""
    disk.go.touch()
    job = disk.service.run(one_text("writes", str(2 * DISK_MB), retries=0), 120)
    assert job["state"] == "failed"
    assert job["error"]["reason"].startswith("no space on "), job["error"]
    assert str(disk.service.data_dir) in job["error"]["reason"]


def test_a_disk_that_fills_up_under_a_running_job(disk: SmallDisk) -> None:
    """When others fill the disk in mid-job, the job ends, at the latest with room again, and says what was full."""
    job_id = disk.service.submit(each_text("writes", ["1", "2", "3"], retries=0))
    wait_for("task running", lambda: disk.service.job(job_id)["progress"]["running"] > 0, 60)
    disk.fill()
    disk.go.touch()
    wait_for("trouble noticed", lambda: disk.service.is_over(job_id) or bool(full_lines(disk)), 60)
    assert httpx.get(f"{disk.service.url}/healthz", trust_env=False).status_code == 200
    disk.make_room()
    job = disk.service.wait_for_end(job_id, 120)
    print(f"{job['state']}: {job['error']}, items {[item['reason'] for item in disk.service.client.items(job_id)]}")
    reasons = [str(item["reason"]) for item in disk.service.client.items(job_id)]
    if job["state"] == "failed":
        reasons.append(job["error"]["reason"])
    assert all("space" in reason or "full" in reason for reason in reasons)
    assert job["state"] == "failed" or job["progress"]["done"] == 3 - len(reasons)


def full_lines(disk: SmallDisk) -> list[str]:
    """Return what the controller logged about the full disk."""
    return [line for line in disk.log().splitlines() if "No space" in line or "is full" in line]


def test_a_slot_larger_than_the_disk_is_cut_to_it(own_service: ServiceFactory) -> None:
    """A pool may name more disk per slot than the host has: jobs run all the same."""
    service = own_service(pools={"default": {"slots": 1, "disk_mb": 100_000_000}})
    assert service.run(echo(), 60)["state"] == "succeeded", service.logs()


def test_a_disk_too_small_for_any_task_is_explained(tmp_path: Path) -> None:
    """Where no task would ever start for want of room, the service says so instead of waiting."""
    needed = {"slots": 1, "disk_mb": 100_000_000, "memory_mb": 100_000_000}
    service = RunningService(tmp_path / "data", pools={"default": needed})
    with pytest.raises(AssertionError, match="but a slot of pool default needs 100000000 MB"):
        service.start()
    service.assert_nothing_left()
