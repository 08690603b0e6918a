"""Look at a host and change nothing: what preflight compares with the inventory."""

import json
import os
import shutil
import socket
import struct
import sys
import time
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: preflight_probe
short_description: Report what preflight needs to know about a host
description: Reads release, podman, memory, disk, clock, routes and an installed controller's data directory.
author: lmsvc
options:
  data_dir:
    description: Where the inventory wants job data; compared with the installed controller's.
    type: str
    required: true
  control_seconds:
    description: The control node's clock when the task began, in seconds since 1970.
    type: float
    required: true
"""

UNIT = Path("/etc/containers/systemd/lmsvc-controller.container")
QUEUE = ["podman", "exec", "lmsvc-web", "lmsvc", "status", "--json", "--limit", "200", "--state"]


def release() -> dict[str, str]:
    """Return id and version of the operating system."""
    lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    values = {name: value.strip('"') for name, _, value in (line.partition("=") for line in lines)}
    return {"id": values.get("ID", ""), "version": values.get("VERSION_ID", ""), "name": values.get("PRETTY_NAME", "")}


def podman(module: AnsibleModule) -> str:
    """Return the version of podman that is installed, else of the one that apt would install, else nothing."""
    if module.get_bin_path("podman"):
        return str(module.run_command(["podman", "--version"])[1]).split()[-1]
    if not module.get_bin_path("apt-cache"):
        return ""
    lines = module.run_command(["apt-cache", "policy", "podman"], environ_update={"LC_ALL": "C"})[1].splitlines()
    found = [line.split()[-1] for line in lines if "Candidate:" in line]
    return found[0] if found and found[0] != "(none)" else ""


def memory_mb() -> int:
    """Return the host's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1_000_000


def disk_mb(directory: str) -> dict[str, int]:
    """Return size and free space of the file system that holds a directory or will."""
    path = Path(directory)
    while not path.is_dir():
        path = path.parent
    usage = shutil.disk_usage(path)
    return {"total": usage.total // 1_000_000, "free": usage.free // 1_000_000}


def routes() -> list[dict[str, str]]:
    """Return interface and network of each IPv4 route but the default one."""
    found = []
    for line in Path("/proc/net/route").read_text(encoding="ascii").splitlines()[1:]:
        words = line.split()
        address, mask = (socket.inet_ntoa(struct.pack("=I", int(words[index], 16))) for index in (1, 7))
        if mask != "0.0.0.0":
            found.append({"interface": words[0], "network": f"{address}/{mask}"})
    return found


def synchronized(module: AnsibleModule) -> bool | None:
    """Tell whether the kernel's clock is disciplined; None where that is not this host's task or unknown."""
    if not module.get_bin_path("timedatectl") or module.run_command(["systemd-detect-virt", "-c", "-q"])[0] == 0:
        return None
    answer = module.run_command(["timedatectl", "show", "-p", "NTPSynchronized", "--value"])[1].strip()
    return {"yes": True, "no": False}.get(answer)


def installed_data_dir() -> str:
    """Return the data directory that the installed controller's unit names, if there is one."""
    if not UNIT.is_file():
        return ""
    words = UNIT.read_text(encoding="utf-8").replace('"', " ").split()
    found = [word.partition("LMSVC_DATA_DIR=")[2] for word in words if "LMSVC_DATA_DIR=" in word]
    return found[-1] if found else ""


def unfinished_jobs(module: AnsibleModule) -> int | None:
    """Return how many jobs wait or run, asked of the service on this host; None where it gives no answer."""
    count = 0
    for state in ("queued", "running"):
        code, output, _ = module.run_command([*QUEUE, state])
        if code != 0:
            return None
        count += len(json.loads(output)["jobs"])
    return count


def ssh_port() -> int | None:
    """Return the port of this host that the control node's connection came in at."""
    words = os.environ.get("SSH_CONNECTION", "").split()
    return int(words[3]) if len(words) == 4 else None


def main() -> None:
    """Answer with all findings."""
    options = {"data_dir": {"type": "str", "required": True}, "control_seconds": {"type": "float", "required": True}}
    module = AnsibleModule(argument_spec=options, supports_check_mode=True)
    before = installed_data_dir()
    found: dict[str, Any] = {
        "clock_offset_seconds": time.time() - module.params["control_seconds"],
        "clock_synchronized": synchronized(module),
        "cores": os.cpu_count(),
        "data_dir": before,
        "disk_mb": disk_mb("/var/lib"),
        "installed": Path("/etc/lmsvc").is_dir(),
        "memory_mb": memory_mb(),
        "podman": podman(module),
        "python": ".".join(str(part) for part in sys.version_info[:2]),
        "release": release(),
        "root": os.geteuid() == 0,
        "routes": routes(),
        "ssh_port": ssh_port(),
    }
    moved = before not in ("", module.params["data_dir"])
    module.exit_json(changed=False, facts=found | {"jobs": unfinished_jobs(module) if moved else 0})


if __name__ == "__main__":
    main()
