"""What the hosts need to know of this machine to fetch packages: mirrors and authorities, never kept in the repository.

Usage: ``python -m tests.hosts.machine`` prints one ``NAME=value`` per line, as ``scripts/testhosts.sh`` exports them.
"""

import os
import subprocess
import sys
from pathlib import Path

from tests import trixie

AUTHORITIES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")


def apt_mirror() -> str:
    """Return the Debian mirror that this machine uses, or an empty text."""
    return trixie.mirror() or ""


def ca_bundle() -> str:
    """Return the file of authorities that this machine's settings name, or an empty text."""
    named = [os.environ.get(name, "") for name in AUTHORITIES]
    return next((path for path in named if path and Path(path).is_file()), "")


def pip_index() -> str:
    """Return the package index of pip's settings where it is one that hosts can reach too, or an empty text."""
    words = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    set_here = subprocess.run(words, check=False, capture_output=True, text=True).stdout.strip()
    url = os.environ.get("PIP_INDEX_URL", set_here)
    return url if url.startswith("http") else ""


def settings() -> dict[str, str]:
    """Return the environment that scenarios and the lab take their variables from."""
    return {
        "LMSVC_TEST_APT_MIRROR": apt_mirror(),
        "LMSVC_TEST_CA_BUNDLE": ca_bundle(),
        "LMSVC_TEST_PIP_INDEX": pip_index(),
    }


if __name__ == "__main__":
    print("\n".join(f"{name}={value}" for name, value in settings().items()))
