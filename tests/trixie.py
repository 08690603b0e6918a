"""A Debian 13 root with CCTools 7.14.5, so that tests on any Debian also run against the release the service ships.

It is made once with mmdebstrap, kept by a hash of what it holds in ``LMSVC_TEST_CACHE`` (default
``~/.cache/lmsvc-tests``), and entered in a private mount namespace that ends with the command.
"""

import fcntl
import hashlib
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

SUITE = "trixie"
PACKAGES = ("coop-computing-tools", "python3")
PROJECT = Path(__file__).parents[1]
SOURCES = ("/etc/apt/sources.list", "/etc/apt/sources.list.d")
SEEN_INSIDE = ("/proc", "/dev", "/tmp", str(PROJECT))


def missing() -> str | None:
    """Return why this machine cannot make or enter the root, or None."""
    if os.geteuid() != 0:
        return "a Debian 13 root needs root to be entered"
    if _root().exists():
        return None
    if shutil.which("mmdebstrap") is None:
        return "a Debian 13 root needs mmdebstrap (apt-get install mmdebstrap)"
    return None if mirror() else "no Debian mirror in apt's configuration; set LMSVC_DEBIAN_MIRROR"


def mirror() -> str | None:
    """Return the Debian mirror of ``LMSVC_DEBIAN_MIRROR``, or else the first one apt uses."""
    if named := os.environ.get("LMSVC_DEBIAN_MIRROR"):
        return named
    for text in _apt_sources():
        found = re.search(r"^(?:URIs:|deb(?: \[[^\]]*\])?)\s+(\S+/debian/?)(?:\s|$)", text, re.MULTILINE)
        if found:
            return found[1]
    return None


def _apt_sources() -> list[str]:
    one, directory = map(Path, SOURCES)
    files = [one, *sorted(path for path in directory.glob("*") if path.suffix in (".list", ".sources"))]
    return [path.read_text() for path in files if path.exists()]


def _root() -> Path:
    cache = os.environ.get("LMSVC_TEST_CACHE") or Path.home() / ".cache" / "lmsvc-tests"
    content = hashlib.sha256("\n".join((SUITE, *PACKAGES)).encode()).hexdigest()[:12]
    return Path(cache) / f"{SUITE}-{content}"


def root() -> Path:
    """Return the root's directory, made if it is not there yet (about half a minute)."""
    path = _root()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            _make(path)
    return path


def _make(path: Path) -> None:
    draft = path.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    words = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(PACKAGES)}", SUITE, str(draft)]
    subprocess.run([*words, str(mirror())], check=True, timeout=600)
    draft.rename(path)


def inside(words: Sequence[str]) -> list[str]:
    """Return the command that runs ``words`` in the root, where project and ``/tmp`` are seen at their own places.

    The command keeps its process id; the working directory is kept too where it is seen inside.
    """
    place = shlex.quote(str(root()))
    binds = [
        f"mkdir -p {place}{shlex.quote(path)} && mount --rbind {shlex.quote(path)} {place}{shlex.quote(path)}"
        for path in SEEN_INSIDE
    ]
    enter = 'exec chroot "$0" /bin/sh -c \'cd "$0" && exec "$@"\' "$PWD" "$@"'
    return ["unshare", "-m", "/bin/sh", "-c", " && ".join([*binds, enter]), str(root()), *words]
