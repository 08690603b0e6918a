"""The hosts' images, made with mmdebstrap and kept in podman by a hash of what they hold.

``bare`` is what a site's administrator has after installing Debian 13 with ssh; ``furnished`` also has the packages
that the roles would install, so that the scenario of one role need not wait for those of the others.

Usage, inside ``scripts/testhosts.sh``: ``python -m tests.hosts.images bare furnished`` prints one reference per line.
"""

import fcntl
import hashlib
import os
import resource
import subprocess
import sys
from pathlib import Path

from tests import trixie

NAME = "localhost/lmsvc-testhost"
BARE = ("systemd-sysv", "dbus", "openssh-server", "python3", "python3-apt", "iproute2")
ROLES_INSTALL = (
    *("podman", "crun", "netavark", "aardvark-dns", "catatonit", "passt", "buildah", "mmdebstrap", "rsync"),
    *("nftables", "wireguard-tools", "wireguard-go", "ca-certificates", "curl", "iputils-ping"),
    *("python3-cryptography", "python3-psycopg2"),
)
PACKAGES = {"bare": BARE, "furnished": (*BARE, *ROLES_INSTALL)}
HOOKS = (
    # Each host makes ssh keys of its own when it starts first.
    'rm -f "$1"/etc/ssh/ssh_host_*',
    'mkdir -p "$1"/etc/systemd/system/ssh.service.d',
    'printf "[Service]\\nExecStartPre=\\nExecStartPre=/usr/bin/ssh-keygen -A\\nExecStartPre=/usr/sbin/sshd -t\\n"'
    ' >"$1"/etc/systemd/system/ssh.service.d/keys.conf',
    'chroot "$1" systemctl -q enable ssh',
    # A container loads no kernel modules.
    'chroot "$1" systemctl -q mask systemd-modules-load.service',
    # A privileged container's clock is the machine's: setting a time zone there once moved it by an hour.
    'mkdir -p "$1"/etc/systemd/system.conf.d',
    'printf "[Manager]\\nCapabilityBoundingSet=~CAP_SYS_TIME\\n" >"$1"/etc/systemd/system.conf.d/clock.conf',
    'install -d -m 700 "$1"/root/.ssh',
    'rm -rf "$1"/var/cache/apt/archives/*.deb',
)


def limits() -> str:
    """Return podman settings for podman inside a host, which may not raise the limits that the host itself got."""
    most = {"nofile": (resource.RLIMIT_NOFILE, 1048576), "nproc": (resource.RLIMIT_NPROC, 32768)}
    allowed = {name: _allowed(*number_and_bound) for name, number_and_bound in most.items()}
    words = ", ".join(f'"{name}={value}:{value}"' for name, value in allowed.items())
    return f"[containers]\ndefault_ulimits = [{words}]\npids_limit = 0\n"


def _allowed(number: int, bound: int) -> int:
    hard = resource.getrlimit(number)[1]
    return bound if hard == resource.RLIM_INFINITY else min(hard, bound)


def hooks() -> list[str]:
    """Return the commands that finish an image, with its root as ``$1``."""
    place = '"$1"/etc/containers/containers.conf.d'
    write = f"mkdir -p {place} && printf '%s' '{limits()}' >{place}/00-test-host.conf"
    return [*HOOKS, write]


def reference(kind: str) -> str:
    """Return the image's name, which says by a hash what is in it."""
    content = "\n".join((trixie.SUITE, *PACKAGES[kind], *hooks()))
    return f"{NAME}:{kind}-{hashlib.sha256(content.encode()).hexdigest()[:12]}"


def ensure(kind: str) -> str:
    """Return the reference of the image, which is made if podman does not have it (about a minute).

    Of two runs that need the same image at once, one makes it and the other waits.
    """
    wanted = reference(kind)
    with (Path(os.environ["LMSVC_TEST_CACHE"]) / f"{wanted.rpartition(':')[2]}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if subprocess.run(["podman", "image", "exists", wanted], check=False).returncode != 0:
            _make(kind, wanted)
            _forget_older(kind, wanted)
    return wanted


def _make(kind: str, wanted: str) -> None:
    mirror = trixie.mirror()
    if mirror is None:
        raise SystemExit("testhosts: no Debian mirror in apt's configuration; set LMSVC_DEBIAN_MIRROR")
    words = ["mmdebstrap", "--quiet", "--variant=minbase", "--format=tar", f"--include={','.join(PACKAGES[kind])}"]
    words += [f"--customize-hook={hook}" for hook in hooks()]
    started = subprocess.Popen([*words, trixie.SUITE, "-", mirror], stdout=subprocess.PIPE)
    with started as bootstrap:
        words = ["podman", "import", "--quiet", "--change=CMD /sbin/init", "--change=STOPSIGNAL SIGRTMIN+3"]
        subprocess.run([*words, "-", f"{wanted}-draft"], check=True, stdin=bootstrap.stdout)
    if bootstrap.returncode != 0:
        raise SystemExit(f"testhosts: mmdebstrap ended with {bootstrap.returncode}, see above")
    subprocess.run(["podman", "tag", f"{wanted}-draft", wanted], check=True)
    subprocess.run(["podman", "untag", f"{wanted}-draft", f"{wanted}-draft"], check=True)


def _forget_older(kind: str, wanted: str) -> None:
    listing = subprocess.run(
        ["podman", "images", "--format", "{{.Repository}}:{{.Tag}}"], check=True, capture_output=True, text=True
    )
    older = {name for name in listing.stdout.split() if name.startswith(f"{NAME}:{kind}-")} - {wanted}
    for name in older:
        subprocess.run(["podman", "rmi", name], check=False, capture_output=True)


def main() -> None:
    """Make the images named on the command line."""
    for kind in sys.argv[1:]:
        print(ensure(kind), flush=True)


if __name__ == "__main__":
    main()
