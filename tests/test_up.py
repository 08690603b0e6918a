"""`lmsvc up`: when it calls itself ready, and when it does not start."""

from pathlib import Path

import pytest

from lmsvc.cli.up import CannotStart, own_headers
from lmsvc.client import Client
from lmsvc.settings import Settings
from tests.service.running import RunningService, wait_for

TOKEN = "a-token-of-the-tests"


@pytest.mark.cctools
def test_a_service_with_a_token_becomes_ready(tmp_path: Path) -> None:
    """It asks itself with its own token, which it expects of everybody."""
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    service = RunningService(tmp_path / "data", token_file=str(tmp_path / "token"))
    service.client = Client(service.url, token=TOKEN)
    try:
        service.start()
        wait_for("said so", lambda: "lmsvc is ready" in (tmp_path / "data" / "up.log").read_text(), 90)
    finally:
        service.stop()


@pytest.mark.parametrize("content", [None, "", "two words", "\xff"])
def test_a_token_that_cannot_be_used_is_told_before_the_start(tmp_path: Path, content: str | None) -> None:
    """No file, an empty one and one with other than visible characters: the message names the file."""
    if content is not None:
        (tmp_path / "token").write_text(content, encoding="latin-1")
    with pytest.raises(CannotStart, match=f"LMSVC_TOKEN_FILE names {tmp_path}/token"):
        own_headers(Settings(data_dir=tmp_path, token_file=tmp_path / "token"))
