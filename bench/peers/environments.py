"""Environments of peers, made once and kept below ``.cache``."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.paths import ROOT

HOME = ROOT / ".cache" / "bench-peers"
MARK = "made-from"


class PeerFailed(Exception):
    """A peer cannot be installed or does not do what it is asked."""


def peer_python(name: str, requirements: Sequence[str]) -> Path:
    """Return the Python of an environment that has the requirements; makes it where needed.

    Raises:
        PeerFailed: it cannot be installed.
    """
    place = HOME / name
    mark, wanted = place / MARK, "\n".join(requirements)
    python = place / "bin" / "python"
    if not (mark.exists() and mark.read_text(encoding="utf-8") == wanted):
        _call([sys.executable, "-m", "venv", "--clear", str(place)])
        _call([str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *requirements])
        mark.write_text(wanted, encoding="utf-8")
    return python


def _call(words: Sequence[str]) -> None:
    result = subprocess.run(words, capture_output=True, text=True, check=False)
    if result.returncode:
        raise PeerFailed(f"{' '.join(words[:4])} ...: {result.stderr.strip()[-500:]}")
