"""`lmsvc up`: when it calls itself ready, and when it does not start."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from lmsvc.cli.programs import programs
from lmsvc.cli.up import CannotStart, check_room, own_headers
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


def words_of(pools: Mapping[str, object], pool: str) -> dict[str, str]:
    """Return the options of a pool's agent on the host ``here``."""
    settings = Settings.model_validate({"pools": pools, "host_name": "here"})
    (agent,) = (program for program in programs(settings) if program.name == f"agent-{pool}")
    words = list(agent.argv)
    return {word: words[at + 1] for at, word in enumerate(words[:-1]) if word.startswith("--")}


def test_agents_begin_with_the_least_slots() -> None:
    """Slots that are always there are there from the start on; a pool of other hosts has none here."""
    pools = {"some": {"slots": {"min": 2, "max": 9}}, "none": {"slots": 3, "hosts": ["there"]}}
    assert words_of(pools, "some")["--slots"] == "2"
    assert words_of(pools, "none")["--slots"] == "0"


def test_gpus_are_said_before_slots_wait_for_them(tmp_path: Path) -> None:
    """Agents are told of the GPUs of a slot and of the host, and a host with too few does not begin."""
    pools = {"deep": {"slots": 1, "gpus": 2}}
    assert (words_of(pools, "deep")["--gpus"], words_of(pools, "deep")["--host-gpus"]) == ("2", "0")
    given = {"pools": pools, "host_name": "here", "data_dir": tmp_path}
    with pytest.raises(CannotStart, match="a slot of pool deep has gpus: 2, and LMSVC_HOST_GPUS is 1"):
        check_room(Settings.model_validate({**given, "host_gpus": 1}))
    check_room(Settings.model_validate({**given, "host_gpus": 2}))


def test_fixed_slots_may_be_more_than_the_machine_has_cores() -> None:
    """Whoever asks for so many slots at all times gets them; what is beyond has to fit the machine."""
    many = words_of({"a": {"slots": 500}, "b": {"slots": 500}}, "a")
    assert (many["--host-cores"], many["--host-memory-mb"]) == ("1000", "2000000")
    few = words_of({"a": {"slots": {"max": 5000}, "memory_mb": 1}}, "a")
    assert int(few["--host-cores"]) == len(os.sched_getaffinity(0))
