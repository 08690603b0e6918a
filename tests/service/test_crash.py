"""Killed with -9, any process of the service: jobs go on, nothing is done twice, nothing is left behind."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.service.conftest import ServiceFactory
from tests.service.documents import Document, echo
from tests.service.running import ROOT, RunningService, kill, wait_for

pytestmark = [pytest.mark.cctools, pytest.mark.slow]

ITEMS = 24
SLOTS = 2
LONG_LEASE_SECONDS = 600.0

VICTIMS = {
    "controller": ("lmsvc.cli.main", "controller"),
    "makeflow": ("makeflow", "lm-default"),
    "worker": ("work_queue_worker", "--single-shot"),
    "slot": ("from lmsvc.worker.slot import main",),
    "agent": ("lmsvc.worker.agent",),
    "factory": ("work_queue_factory",),
    "catalog": ("catalog_server",),
    "web": ("gunicorn",),
}


def counting_tool(directory: Path) -> Path:
    """Describe a tool that notes each start and end of an item in a file; return the description's directory."""
    tools = directory / "tools"
    tools.mkdir()
    text = (ROOT / "lmsvc" / "tools" / "descriptions" / "echo_text.yaml").read_text(encoding="utf-8")
    script = f"echo start $1 >> {directory}/journal; sleep 0.5; echo $1 > text.txt; echo end $1 >> {directory}/journal"
    text = text.replace("id: echo_text", "id: counted")
    text = text.replace(
        "baseCommand: [python3, -S, -m, lmsvc.tools.echo_text]\narguments: [inputs.json]",
        f"baseCommand: [/bin/sh, -c, '{script}', counted]\narguments: []",
    )
    text = text.replace("{type: string, doc: The text to write.}", "{type: string, inputBinding: {position: 1}}")
    text = text.replace("seconds_per_item: 0.05", "seconds_per_item: 0.5")
    (tools / "counted.yaml").write_text(text, encoding="utf-8")
    return tools


def counted_items(count: int = ITEMS) -> Document:
    """Return a job of items that are counted."""
    return {
        "name": "counted",
        "inputs": {"texts": {"value": [f"item{index}" for index in range(count)]}},
        "steps": {"count": {"run": "counted", "scatter": "text", "in": {"text": "inputs/texts"}}},
        "outputs": ["count/text"],
    }


def journal(directory: Path, word: str) -> list[str]:
    """Return the items noted with a word."""
    path = directory / "journal"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [line.split()[1] for line in lines if line.startswith(word)]


def start_counted(make: ServiceFactory, directory: Path, **settings: object) -> tuple[RunningService, str]:
    """Start a service with one item per task and a job in mid-work; return both."""
    usual = {"tool_dirs": [str(counting_tool(directory))], "pools": {"default": {"slots": SLOTS}}, "batch_seconds": 0.1}
    service = make(**{**usual, **settings})
    job_id = service.submit(counted_items())
    wait_for("items done", lambda: len(journal(directory, "end")) >= 4, 60)
    return service, job_id


def check_counted(service: RunningService, job_id: str, directory: Path, kills: int = 1) -> None:
    """Check that the job succeeds and that at most the tasks in flight ran again."""
    job = service.wait_for_end(job_id, 300)
    assert job["state"] == "succeeded", (job, service.logs())
    assert job["summary"]["items"]["succeeded"] == ITEMS
    repeated = len(journal(directory, "start")) - ITEMS
    print(f"repeated items: {repeated} (slots: {SLOTS})")
    assert repeated <= kills * SLOTS
    assert set(journal(directory, "end")) == {f"item{index}" for index in range(ITEMS)}


@pytest.mark.parametrize("victim", VICTIMS)
def test_a_killed_process_costs_only_what_was_in_flight(
    own_service: ServiceFactory, tmp_path: Path, victim: str
) -> None:
    """A `kill -9` of one process in mid-job: same outputs, no more than the tasks in flight again, no orphan."""
    service, job_id = start_counted(own_service, tmp_path)
    (pid, *_) = service.find(*VICTIMS[victim])
    tasks = service.find("lm_step.py") if victim in ("worker", "slot", "agent", "factory") else []
    kill(pid)
    wait_for("victim gone", lambda: pid not in service.find(*VICTIMS[victim]), 5)
    if victim in ("agent", "factory"):
        wait_for("its tasks gone", lambda: not set(tasks) & set(service.pids()), 10)
    check_counted(service, job_id, tmp_path)


def test_a_killed_worker_does_not_leave_its_task(own_service: ServiceFactory, tmp_path: Path) -> None:
    """When a worker is killed its task goes with it, so no item is at work twice at a time."""
    service, job_id = start_counted(own_service, tmp_path)
    workers = service.find(*VICTIMS["worker"])
    tasks = service.find("lm_step.py")
    for pid in workers:
        kill(pid)
    wait_for("tasks gone", lambda: not set(tasks) & set(service.pids()), 5)
    check_counted(service, job_id, tmp_path)


@pytest.mark.parametrize("everything", [False, True], ids=["controller", "everything"])
def test_a_killed_controller_goes_on_at_once(own_service: ServiceFactory, tmp_path: Path, everything: bool) -> None:
    """What is started after a `kill -9` does not wait until the claims of the one before run out (bound 2 s)."""
    service, job_id = start_counted(own_service, tmp_path, lease_seconds=LONG_LEASE_SECONDS)
    if everything:
        service.kill_everything()
        service.start()
    else:
        (pid,) = service.find(*VICTIMS["controller"])
        kill(pid)
        wait_for("started again", lambda: service.find(*VICTIMS["controller"]) not in ([], [pid]), 60)
    done = len(journal(tmp_path, "end"))
    wait_for("at work again", lambda: len(journal(tmp_path, "end")) > done, 60)
    assert len(service.log_lines("controller", "which has ended")) == 1
    check_counted(service, job_id, tmp_path)


def test_everything_killed_and_started_again(own_service: ServiceFactory, tmp_path: Path) -> None:
    """After `kill -9` of all of it, `lmsvc up` goes on with the jobs; the queue keeps its order, nothing is doubled."""
    service, job_id = start_counted(own_service, tmp_path)
    queued = [service.submit(echo(f"queued {index}", name=f"queued {index}")) for index in range(3)]
    service.kill_everything()
    wait_for("all gone", lambda: not service.pids(), 10)
    service.start()
    check_counted(service, job_id, tmp_path)
    ended = [service.wait_for_end(each) for each in queued]
    assert [job["state"] for job in ended] == ["succeeded"] * 3
    assert [job["attempt"] for job in ended] == [1, 1, 1]
    starts = [job["started"] for job in ended]
    assert starts == sorted(starts)


def test_a_second_service_on_the_same_directory_is_refused(own_service: ServiceFactory) -> None:
    """`lmsvc up` on a data directory in use says by which process, and changes nothing."""
    service = own_service()
    second = RunningService(service.data_dir)
    with pytest.raises(AssertionError, match="another lmsvc"):
        second.start()
    assert service.run(echo())["state"] == "succeeded"


def test_a_taken_port_is_explained(service: RunningService, tmp_path: Path) -> None:
    """A port in use is named together with the option that moves it."""
    second = RunningService(tmp_path / "second", port=service.port)
    with pytest.raises(AssertionError, match="is in use: choose another with --port"):
        second.start()
    second.assert_nothing_left()


def test_ctrl_c_ends_everything(own_service: ServiceFactory, tmp_path: Path) -> None:
    """SIGINT in mid-job ends every process, the tool's own child included; the job goes on at the next start."""
    service, job_id = start_counted(own_service, tmp_path)
    assert service.process is not None
    started = time.monotonic()
    os.kill(service.process.pid, signal.SIGINT)
    service.process.wait(30)
    print(f"ended after {time.monotonic() - started:.2f} s")
    service.assert_nothing_left()
    service.start()
    check_counted(service, job_id, tmp_path)
