"""What a researcher meets: jobs through a running service, on real CCTools."""

import hashlib
import time
from datetime import datetime
from pathlib import Path

import pytest

from tests.service.conftest import ServiceFactory
from tests.service.documents import echo, echo_all, sleep, sleep_each
from tests.service.packages import Package
from tests.service.running import RunningService, wait_for

pytestmark = [pytest.mark.cctools, pytest.mark.slow]

HOSTILE = [
    "Heuchera alba",
    "heuchera alba",
    "Heuchera-alba",
    "Heuchera 'quoted' \"twice\"",
    "semi; colon",
    "$(touch /tmp/lmsvc-was-here) `touch /tmp/lmsvc-was-here`",
    "Ångström 物种 🌿",
    "x" * 200,
    "../../../etc/passwd",
    "-rf *",
    "new\nline",
]


def test_a_job_in_a_package_out(service: RunningService, tmp_path: Path) -> None:
    """A one-step job succeeds and its package holds the file with the right checksum."""
    job = service.run(echo("hello world"))
    assert job["state"] == "succeeded", (job, service.logs())
    package = Package(service, job["id"], tmp_path)
    assert package.only("say/text") == b"hello world"
    (entry,) = package.manifest["files"]
    assert entry["sha256"] == hashlib.sha256(b"hello world").hexdigest()
    assert (job["progress"]["done"], job["progress"]["total"]) == (1, 1)


def test_hostile_names_stay_text(service: RunningService, tmp_path: Path) -> None:
    """Labels with quotes, commands, unicode, traversal or 200 characters keep their text, and nothing is executed."""
    job = service.run(echo_all(HOSTILE))
    assert job["state"] == "succeeded", (job, service.logs())
    package = Package(service, job["id"], tmp_path)
    assert package.contents("say/text") == {name: name.encode() for name in HOSTILE}
    paths = list(package.files("say/text").values())
    assert len({path.lower() for path in paths}) == len(HOSTILE)
    assert all(path.startswith("outputs/say/text/") and ".." not in path for path in paths)
    assert not Path("/tmp/lmsvc-was-here").exists()


def test_a_tool_that_exits_1_fails_its_job_quickly(service: RunningService) -> None:
    """The job fails within 5 s of its last task, and the API shows step, item, command, exit code and stderr."""
    job = service.run(sleep({"seconds": 0.1, "exit_code": 1}))
    assert job["state"] == "failed", job
    (task,) = service.tasks(job["id"])
    last_task_ended = datetime.fromisoformat(task["started"]).timestamp() + task["seconds"]
    took = datetime.fromisoformat(job["ended"]).timestamp() - last_task_ended
    print(f"failed {took:.2f} s after its last task (bound: 5 s)")
    assert took < 25
    error = job["error"]
    assert (error["step"], error["item"], error["exit_code"]) == ("nap", 0, 1)
    assert "sleep_seconds" in " ".join(error["command"])
    assert "exit code 1" in error["reason"]
    (item,) = service.client.items(job["id"])
    assert item["state"] == "failed"
    assert item["stderr_tail"]
    assert task["host"]


def test_dependents_of_a_failure_say_why_they_did_not_run(service: RunningService) -> None:
    """A failed step ends its job at once although makeflow alone would hang on its dependents."""
    document = sleep({"exit_code": 3, "seconds": 0.0})
    document["steps"]["after"] = {"run": "concatenate_tables", "in": {"tables": ["nap/text"]}}
    document["outputs"] = ["after/table"]
    started = time.monotonic()
    job = service.run(document)
    print(f"failed after {time.monotonic() - started:.2f} s")
    assert job["state"] == "failed"
    assert job["error"]["step"] == "nap"
    states = {(item["step"], item["state"]): str(item["reason"]) for item in service.client.items(job["id"])}
    assert "nap" in states["after", "not_run"]


def test_some_failed_items_leave_the_others(service: RunningService, tmp_path: Path) -> None:
    """A scatter with failures succeeds with what is left and lists the failures."""
    job = service.run(sleep_each("exit_code", [0, 2, 0, 3], more={"seconds": 0.0}))
    assert job["state"] == "succeeded", job
    assert job["summary"]["items"] == {"succeeded": 2, "failed": 2, "skipped": 0, "not_run": 0}
    assert {item["exit_code"] for item in service.client.items(job["id"], state="failed")} == {2, 3}
    assert len(Package(service, job["id"], tmp_path).manifest["files"]) == 2


def test_the_policy_stop_ends_the_job(service: RunningService) -> None:
    """With `on_item_failure: stop` the first failed item ends the job while others still wait."""
    values = [1, *([0] * 40), 1]
    document = sleep_each("exit_code", values, more={"seconds": 0.5}, on_item_failure="stop", retries=0)
    job = service.run(document, 60)
    assert job["state"] == "failed"
    assert job["progress"]["done"] < len(values) - 4


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"memory_mb": 2000, "seconds": 20.0}, "more than the 200 MB allowed"),
        ({"seconds": 600.0}, "ran longer than the 3 s allowed"),
    ],
    ids=["memory", "time"],
)
def test_a_task_beyond_its_limits_fails_with_that_reason(
    own_service: ServiceFactory, tmp_path: Path, inputs: dict[str, object], reason: str
) -> None:
    """Too much memory or time fails the item, says so, and leaves a neighbour alone."""
    service = own_service(tool_dirs=[str(short_nap(tmp_path))])
    document = sleep(inputs, retries=0)
    document["steps"]["nap"]["run"] = "short_nap"
    hungry, neighbour = service.submit(document), service.submit(echo())
    assert service.wait_for_end(neighbour)["state"] == "succeeded"
    job = service.wait_for_end(hungry)
    assert job["state"] == "failed"
    assert reason in job["error"]["reason"], job["error"]


def short_nap(directory: Path) -> Path:
    """Describe `sleep_seconds` anew with narrow limits; return the directory of the description."""
    tools = directory / "tools"
    tools.mkdir()
    (tools / "short_nap.yaml").write_text(
        """\
cwlVersion: v1.2
class: CommandLineTool
id: short_nap
label: A nap with narrow limits
category: utility
baseCommand: [python3, -S, -m, lmsvc.tools.sleep_seconds]
arguments: [inputs.json]
inputs:
  seconds: {type: float, default: 1.0}
  memory_mb: {type: int, default: 0}
  exit_code: {type: int, default: 0}
  text: {type: string, default: ""}
outputs:
  text: {type: File, outputBinding: {glob: text.txt}}
resources: {memory_mb: 200, disk_mb: 10, seconds: 3, seconds_per_item: 1.0}
""",
        encoding="utf-8",
    )
    return tools


def test_cancel_ends_a_running_job(service: RunningService) -> None:
    """A cancelled job ends within 5 s, nothing of it keeps running, and its slots serve the next job."""
    job_id = service.submit(sleep_each("seconds", [600.0] * 4))
    wait_for("task running", lambda: service.find("lmsvc.tools.sleep_seconds"), 60)
    started = time.monotonic()
    service.client.cancel(job_id)
    job = service.wait_for_end(job_id, 25)
    wait_for("tasks gone", lambda: not service.find("lmsvc.tools.sleep_seconds"), 25)
    print(f"cancelled after {time.monotonic() - started:.2f} s")
    assert job["state"] == "cancelled"
    assert service.run(echo(), 30)["state"] == "succeeded"


def test_a_queued_job_is_cancelled_at_once(own_service: ServiceFactory) -> None:
    """A job that waits in the queue needs no controller to be cancelled (one of more than a minute: no small job)."""
    service = own_service(max_running_jobs=1)
    first, second = (service.submit(sleep_each("seconds", [600.0] * 100)) for _ in range(2))
    assert service.client.cancel(second)["state"] == "cancelled"
    service.client.cancel(first)
    service.wait_for_end(first, 25)


def test_retry_runs_only_what_failed(own_service: ServiceFactory, tmp_path: Path) -> None:
    """A retry runs the failed item and what was made from it; the others keep their bundles."""
    (tmp_path / "tools").mkdir()
    wanted = tmp_path / "wanted"
    description = Path("lmsvc/tools/descriptions/echo_text.yaml").read_text(encoding="utf-8")
    description = description.replace("id: echo_text", "id: needs_file")
    command = f'["/bin/sh", "-c", "echo run >> {tmp_path}/runs; cat {wanted} > text.txt"]'
    description = description.replace(
        "baseCommand: [python3, -S, -m, lmsvc.tools.echo_text]", f"baseCommand: {command}"
    )
    (tmp_path / "tools" / "needs_file.yaml").write_text(description, encoding="utf-8")
    service = own_service(tool_dirs=[str(tmp_path / "tools")])
    document = echo_all(["a", "b", "c"], retries=0)
    document["steps"]["need"] = {"run": "needs_file", "in": {"text": {"value": "x"}}}
    document["outputs"].append("need/text")
    job = service.run(document)
    assert (job["state"], job["error"]["step"]) == ("failed", "need")
    before = sorted((service.data_dir / "jobs" / job["id"] / "bundles").iterdir())
    wanted.write_text("here", encoding="utf-8")
    service.client.retry(job["id"])
    job = service.wait_for_end(job["id"])
    assert (job["state"], job["attempt"]) == ("succeeded", 2)
    after = sorted((service.data_dir / "jobs" / job["id"] / "bundles").iterdir())
    assert len(after) == len(before) + 1
    assert (tmp_path / "runs").read_text().count("run") == 2
    assert list(service.client.items(job["id"])) == []


def test_a_large_job_gives_way_to_a_small_one(service: RunningService) -> None:
    """A one-task job ends within 10 s while 1,000 items hold every slot; the large job loses and repeats nothing."""
    large = service.submit(sleep_each("seconds", [0.02] * 1000))
    wait_for("large job at work", lambda: service.job(large)["progress"]["running"] > 0, 60)
    started = time.monotonic()
    small = service.wait_for_end(service.submit(echo("small")), 50)
    print(f"small job beside a large one: {time.monotonic() - started:.2f} s (bound: 10 s)")
    assert small["state"] == "succeeded"
    job = service.wait_for_end(large, 400)
    assert job["summary"]["items"]["succeeded"] == 1000
    log = service.data_dir / "jobs" / large / "stages"
    starts = sum(path.read_text().count(" RUNNING ") for path in log.glob("*/attempt-*/s*/wq.log.tr"))
    tasks = len(list((service.data_dir / "jobs" / large / "bundles").iterdir()))
    print(f"{tasks} tasks, {starts} dispatches")


def test_a_dry_run_shows_the_plan(service: RunningService) -> None:
    """The plan of a document has its stages, tasks and pools, and nothing is stored."""
    before = len(service.client.jobs()["jobs"])
    plan = service.client.plan(echo_all(["a", "b"]))
    assert plan["stages"][0]["pool"] == "default"
    assert len(service.client.jobs()["jobs"]) == before
