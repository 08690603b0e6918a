"""What a task prints is there while it runs: through web service, agent and step runner, on real CCTools."""

from pathlib import Path
from typing import Literal

import pytest

from lmsvc.client import ApiError
from tests.service.conftest import ServiceFactory
from tests.service.running import wait_for
from tests.service.shell_tools import shell_tool

pytestmark = [pytest.mark.cctools, pytest.mark.slow]

SHOWN_SECONDS = 2.0
WAITS = 'echo began; echo "not yet" >&2; until [ -e "$1" ]; do sleep 0.05; done; echo "went on"; cp "$1" text.txt'


def test_the_log_of_a_running_task_is_shown(own_service: ServiceFactory, tmp_path: Path) -> None:
    """Its end is in the log within two seconds, of all streams or one, and gives way to the whole when it has ended."""
    service = own_service(tool_dirs=[str(shell_tool(tmp_path / "tools", "waits", WAITS))])
    sign = tmp_path / "sign"
    document = {
        "name": "Waits for a sign",
        "steps": {"wait": {"run": "waits", "in": {"text": {"value": str(sign)}}}},
        "outputs": ["wait/text"],
    }
    job_id = service.submit(document)

    def log() -> str:
        try:
            return service.client.log(job_id, "wait")
        except ApiError as problem:
            assert problem.status == 404
            return ""

    def printed(stream: Literal["stdout", "stderr"]) -> str:
        return service.client.log(job_id, "wait", 0, stream)

    wait_for("a running task", lambda: service.job(job_id)["progress"]["running"], 60)
    took = wait_for("what it printed", lambda: "began" in log(), 5 * SHOWN_SECONDS)
    print(f"shown {took:.2f} s after the service said that the task runs (bound {SHOWN_SECONDS} s)")
    assert "==> wait item 0, running on " in log()
    assert printed("stdout") == "began\n"
    assert printed("stderr") == "not yet\n"
    assert "went on" not in log()
    sign.write_text("go")
    assert service.wait_for_end(job_id)["state"] == "succeeded"
    assert printed("stdout") == "began\nwent on\n"
    assert "running on" not in log()
