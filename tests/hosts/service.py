"""What the tests of several services ask a host."""

import time

from testinfra.host import Host


def status(host: Host, container: str) -> dict[str, str]:
    """Return what the kernel says of a container's first process."""
    text = host.check_output(f"podman exec {container} cat /proc/1/status")
    return dict(line.split(":\t", 1) for line in text.splitlines())


def assert_confined(host: Host, container: str) -> None:
    """Fail unless a container is no root, has no capabilities, gains none, and cannot write to its root."""
    found = status(host, container)
    assert (found["Uid"].split()[0], int(found["CapBnd"], 16), found["NoNewPrivs"]) == ("900", 0, "1")
    assert host.run(f"podman exec {container} touch /opt/file").rc != 0


def healthy(host: Host, container: str) -> bool:
    """Return whether podman's health check of a container succeeds."""
    return bool(host.run(f"podman healthcheck run {container}").rc == 0)


def assert_survives_kill(host: Host, container: str, seconds: float = 60) -> None:
    """Kill a container's first process and fail unless a new one is healthy in time."""
    before = host.check_output(f"podman inspect -f '{{{{.State.Pid}}}}' {container}")
    host.check_output(f"kill -9 {before}")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        now = host.run(f"podman inspect -f '{{{{.State.Pid}}}}' {container}")
        if now.rc == 0 and now.stdout.strip() not in (before, "0") and healthy(host, container):
            return
        time.sleep(1)
    raise AssertionError(host.check_output(f"journalctl --no-pager -n 50 -u {container}"))


def assert_in_target(host: Host, container: str) -> None:
    """Fail unless the host's target holds a container's unit."""
    assert f"{container}.service" in host.check_output("systemctl show -p Wants --value lmsvc.target").split()
