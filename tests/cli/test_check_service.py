"""``lmsvc check`` against a whole service on one machine."""

import json
import socket
from pathlib import Path

import pytest

from tests.cli.conftest import run
from tests.service.running import RunningService

pytestmark = pytest.mark.cctools


def test_one_machine_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A service of two pools on this host: both run their job here, and no job is left."""
    pools = {"default": {"slots": 1}, "second": {"categories": ["nothing"], "slots": 1}}
    service = RunningService(tmp_path / "data", pools=pools)
    service.start()
    try:
        capsys.readouterr()
        ran = run(capsys, "check", "--json", "--url", service.url)
        assert ran.code == 0, ran.out + ran.err
        told = json.loads(ran.out)
        print([(it["pool"], it["seconds"]) for it in told])
        assert [(it["pool"], it["host"]) for it in told] == [(name, socket.gethostname()) for name in pools]
        assert service.client.jobs()["jobs"] == []
    finally:
        service.stop()
