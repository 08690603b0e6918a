"""The hosts of a molecule scenario, reached over ssh; without a scenario nothing here is collected."""

import os
from pathlib import Path

import pytest
import testinfra
from testinfra.host import Host

from tests.hosts.site import Site, installed

SSH_CONFIG = os.environ.get("LMSVC_TEST_SSH_CONFIG")


def host_names() -> list[str]:
    """Return the scenario's hosts in the order of its ssh_config."""
    lines = Path(SSH_CONFIG or os.devnull).read_text().splitlines()
    return [line.split()[1] for line in lines if line.startswith("Host ") and line != "Host *"]


def connect(name: str) -> Host:
    """Return the host of that name, which runs commands over ssh."""
    return testinfra.get_host(f"paramiko://{name}", ssh_config=SSH_CONFIG)


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Collect the tests of hosts only where a scenario's verify step says how to reach them."""
    return True if SSH_CONFIG is None and collection_path.name.startswith("test_") else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say why the tests of hosts did not run."""
    if SSH_CONFIG is None:
        terminalreporter.write_line(
            "tests/hosts: not collected, they need test hosts: make test-roles, make test-cluster"
        )


@pytest.fixture(scope="session")
def hosts() -> dict[str, Host]:
    """Give all hosts of the scenario by name."""
    return {name: connect(name) for name in host_names()}


@pytest.fixture(scope="session")
def site() -> Site:
    """Give the site that the scenario's inventory describes."""
    return installed()


@pytest.fixture(scope="session", params=host_names())
def host(request: pytest.FixtureRequest, hosts: dict[str, Host]) -> Host:
    """Give one host after the other, so that a test runs on each."""
    return hosts[request.param]
