"""Tools that kill their surroundings or leave traps for outputs: they fail for that reason, everyone else goes on."""

from pathlib import Path

import pytest

from tests.service.conftest import ServiceFactory
from tests.service.documents import each_text, echo, one_text
from tests.service.packages import Package
from tests.service.running import RunningService
from tests.service.shell_tools import shell_tool

pytestmark = [pytest.mark.cctools, pytest.mark.slow]

RUNNER = "$PPID"
WORKER = "$(cut -d' ' -f4 /proc/$PPID/stat)"
OUTPUT_REASON = "output text is not a plain file in the job's directory"


def killing_tool(directory: Path, victim: str) -> Path:
    """Describe a tool that kills a process when its text is ``kill`` and notes each of its starts."""
    script = f'echo "$1" >> {directory}/starts; [ "$1" = kill ] && kill -9 {victim} && sleep 60; echo "$1" > text.txt'
    return shell_tool(directory / "tools", "killing", script)


def starts(directory: Path, text: str) -> int:
    """Return how often an item was started."""
    return (directory / "starts").read_text(encoding="utf-8").splitlines().count(text)


def start(make: ServiceFactory, directory: Path, victim: str) -> RunningService:
    """Start a service with the tool that kills, one item per task."""
    tools = killing_tool(directory, victim)
    return make(tool_dirs=[str(tools)], pools={"default": {"slots": 2}}, batch_seconds=0.001)


def test_a_task_that_kills_its_worker_fails_alone(own_service: ServiceFactory, tmp_path: Path) -> None:
    """After three lost workers the task fails with that reason; its neighbours and another job are done meanwhile."""
    service = start(own_service, tmp_path, WORKER)
    texts = ["a", "kill", "b", "c"]
    job_id = service.submit(each_text("killing", texts))
    assert service.run(echo(), 60)["state"] == "succeeded"
    job = service.wait_for_end(job_id, 120)
    assert job["state"] == "succeeded", (job, service.logs())
    assert job["summary"]["items"] == {"succeeded": 3, "failed": 1, "skipped": 0, "not_run": 0}
    (item,) = service.client.items(job_id)
    assert item["label"] == "kill"
    assert "lost its worker 3 times" in item["reason"]
    assert starts(tmp_path, "kill") == 3
    assert {text.strip() for text in Package(service, job_id, tmp_path).contents("each/text").values()} == {
        *(b"a", b"b", b"c")
    }


def test_a_job_that_kills_its_worker_fails(own_service: ServiceFactory, tmp_path: Path) -> None:
    """Where that task is all of a step, the job fails and its error gives the reason; the service is as before."""
    service = start(own_service, tmp_path, WORKER)
    job = service.run(one_text("killing", "kill"), 120)
    assert job["state"] == "failed"
    assert job["error"]["step"] == "one"
    assert "lost its worker 3 times" in job["error"]["reason"]
    assert service.run(one_text("killing", "a"))["state"] == "succeeded"


def test_a_task_that_kills_its_step_runner_fails_alone(own_service: ServiceFactory, tmp_path: Path) -> None:
    """A task whose step runner dies each time is tried a few times, then fails with that reason, and no other."""
    service = start(own_service, tmp_path, RUNNER)
    job = service.run(each_text("killing", ["a", "kill", "b"]), 120)
    assert job["state"] == "succeeded", (job, service.logs())
    assert job["summary"]["items"]["failed"] == 1
    (item,) = service.client.items(job["id"])
    assert "step runner" in item["reason"]
    assert item["label"] == "kill"
    assert 1 < starts(tmp_path, "kill") <= 4
    assert not service.find("sleep", "60")


def test_outputs_that_are_no_plain_files_fail_their_item(own_service: ServiceFactory, tmp_path: Path) -> None:
    """Symbolic and hard links, pipes and paths that lead elsewhere fail their item; nothing of them is published."""
    secret = tmp_path / "secret"
    secret.write_text("not for the package", encoding="utf-8")
    elsewhere = '{"text": {"class": "File", "path": "%s"}}'
    traps = [
        f"ln -s {secret} text.txt",
        f"ln {secret} text.txt",
        "mkfifo text.txt",
        f"ln -s {tmp_path} deep; echo '{elsewhere % 'deep/secret'}' > cwl.output.json",
        f"echo '{elsewhere % secret}' > cwl.output.json",
        f"echo '{elsewhere % '../../../../../../etc/passwd'}' > cwl.output.json",
    ]
    tools = shell_tool(tmp_path / "tools", "trap", 'eval "$1"')
    service = own_service(tool_dirs=[str(tools)])
    job = service.run(each_text("trap", [*traps, "echo fine > text.txt"]))
    assert job["state"] == "succeeded", (job, service.logs())
    reasons = {item["label"]: item["reason"] for item in service.client.items(job["id"])}
    assert reasons == dict.fromkeys(traps, OUTPUT_REASON)
    package = Package(service, job["id"], tmp_path)
    assert list(package.contents("each/text").values()) == [b"fine\n"]
    assert secret.read_text(encoding="utf-8") == "not for the package"
