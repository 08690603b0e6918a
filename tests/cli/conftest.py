"""Fixtures: a web service, and commands that talk to it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lmsvc.cli.main import main
from tests.web.server import Server
from tests.web.site import Site


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Commands:
    """Runs commands in this process, against a service."""

    url: str
    site: Site
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *words: str) -> Ran:
        """Run a command that talks to the service."""
        return run(self.capsys, *words, "--url", self.url)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> Ran:
    """Run any command."""
    code = main(words)
    captured = capsys.readouterr()
    return Ran(code, captured.out, captured.err)


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a web service that the tests of a module share."""
    with Server.start(tmp_path_factory.mktemp("web") / "data") as server:
        yield server


@pytest.fixture
def lmsvc(web: Server, capsys: pytest.CaptureFixture[str]) -> Commands:
    """Give a way to run commands against the module's web service."""
    return Commands(web.url, web.site, capsys)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Run in an empty directory, without settings of this machine; commands may set their own."""
    for name in [name for name in os.environ if name.startswith("LMSVC_")]:
        monkeypatch.delenv(name)
    for name in ("LMSVC_CONFIG", "LMSVC_DATA_DIR"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
