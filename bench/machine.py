"""The facts of the machine that a table is worth nothing without."""

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import psutil

from lmsvc.cctools.makeflow import makeflow_environment

IDLE_LOAD = 0.5


def machine_facts(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what the figures depend on, by name, for programs found with ``environment``."""
    return {
        "cores": str(len(os.sched_getaffinity(0))),
        "processor": _processor(),
        "memory": f"{psutil.virtual_memory().total / 1e9:.1f} GB",
        "kernel": platform.release(),
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", platform.system()),
        "cctools": _cctools(environment),
        "python": platform.python_version(),
        "load before": f"{os.getloadavg()[0]:.2f}",
        "commit": _commit(),
    }


def is_idle() -> bool:
    """Return whether the machine has been doing next to nothing for the last minute."""
    return os.getloadavg()[0] < IDLE_LOAD


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _cctools(environment: Mapping[str, str]) -> str:
    program = shutil.which("makeflow", path=environment.get("PATH"))
    if program is None:
        return "not installed"
    words = [program, "--version"]
    result = subprocess.run(words, env=makeflow_environment(environment), capture_output=True, text=True, check=False)
    return (result.stdout or result.stderr).partition("\n")[0].rpartition("makeflow version ")[2].strip()


def _commit() -> str:
    git = shutil.which("git")
    if git is None:
        return "unknown"
    words = [git, "describe", "--always", "--dirty"]
    here = Path(__file__).parent
    result = subprocess.run(words, cwd=here, capture_output=True, text=True, check=False)
    return result.stdout.strip() or "unknown"
