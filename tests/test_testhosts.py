"""The script that runs commands where podman can start test hosts."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

PROJECT = Path(__file__).parents[1]
SCRIPT = PROJECT / "scripts" / "testhosts.sh"
needs_podman = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("podman") is None or not Path("/dev/net/tun").exists(),
    reason="test hosts need root, podman and /dev/net/tun",
)


def run(cache: Path, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the script with a cache of its own."""
    environment = os.environ | {"LMSVC_TEST_CACHE": str(cache)}
    return subprocess.run([SCRIPT, *words], env=environment, check=check, capture_output=True, text=True, timeout=60)


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Path]:
    """Give a cache directory whose namespace ends with the test."""
    yield tmp_path
    run(tmp_path, "--end")


def state(cache: Path) -> Path:
    """Return the directory of what the script remembers for this cache."""
    return Path(run(cache, "podman", "info", "--format", "{{.Store.RunRoot}}").stdout.strip()).parent


@needs_podman
def test_commands_see_cgroup_v2_alone(cache: Path) -> None:
    """A command runs where hosts can start, in the caller's directory and with its exit code."""
    assert run(cache, "stat", "-fc", "%T", "/sys/fs/cgroup").stdout.strip() == "cgroup2fs"
    assert run(cache, "pwd").stdout.strip() == str(Path.cwd())
    assert run(cache, "sh", "-c", "exit 7", check=False).returncode == 7


@needs_podman
def test_own_podman(cache: Path) -> None:
    """Images, networks and locks lie in the cache, apart from the machine's own podman."""
    store = run(cache, "podman", "info", "--format", "{{.Store.GraphRoot}}").stdout.strip()
    run(cache, "podman", "network", "create", "lmsvc-test-own")
    assert Path(store).is_relative_to(cache)
    assert (cache / "podman" / "networks" / "lmsvc-test-own.json").exists()
    assert not Path("/etc/containers/networks/lmsvc-test-own.json").exists()


@needs_podman
def test_end_leaves_nothing(tmp_path: Path) -> None:
    """After the end no process, no mount and no remembered state is left, and forwarding is as before."""
    forwarding = Path("/proc/sys/net/ipv4/ip_forward").read_text()
    place = state(tmp_path)
    holder = place / "holder"
    pid = holder.read_text().split()[0] if holder.exists() else None
    run(tmp_path, "--end")
    assert not place.exists()
    assert pid is None or not psutil.pid_exists(int(pid)) or psutil.Process(int(pid)).status() == psutil.STATUS_ZOMBIE
    assert str(tmp_path) not in Path("/proc/mounts").read_text()
    assert Path("/proc/sys/net/ipv4/ip_forward").read_text() == forwarding


@needs_podman
def test_another_process_is_not_taken_for_the_holder(cache: Path) -> None:
    """A remembered number that now belongs to another process is not entered: a new namespace is made."""
    holder = state(cache) / "holder"
    if not holder.exists():
        pytest.skip("this machine has cgroup v2 alone and needs no namespace")
    remembered = holder.read_text()
    os.kill(int(remembered.split()[0]), 9)
    holder.write_text(f"{os.getpid()} {remembered.split()[1]}\n")
    assert run(cache, "stat", "-fc", "%T", "/sys/fs/cgroup").stdout.strip() == "cgroup2fs"
    assert holder.read_text().split()[0] != str(os.getpid())


def test_nothing_to_run_is_explained(tmp_path: Path) -> None:
    """Without a command the script says how it is used."""
    ended = run(tmp_path, check=False)
    assert ended.returncode == 1
    assert "usage: scripts/testhosts.sh" in ended.stderr
