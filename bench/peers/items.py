"""Libraries that spread many small commands over processes: they live in the user's program and share its disk."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.context import Bench
from bench.peers.environments import PeerFailed, peer_python

__all__ = ["PEERS", "Peer", "PeerFailed", "items_seconds"]

SCRIPTS = Path(__file__).resolve().parent / "scripts"
PEER_SECONDS = 1800.0


@dataclass(frozen=True)
class Peer:
    """A library, what it takes to install it, and the program that measures it."""

    name: str
    requirements: tuple[str, ...]
    script: str


PEERS = (
    Peer("Dask distributed", ("distributed",), "dask_items.py"),
    Peer("Parsl HTEX", ("parsl",), "parsl_items.py"),
    Peer("HyperQueue", ("hyperqueue",), "hyperqueue_items.py"),
)


def items_seconds(bench: Bench, peer: Peer, count: int) -> float:
    """Return how long a peer takes for ``count`` items of ``touch``, its workers being up already.

    Raises:
        PeerFailed: it cannot be installed, or did not do all of them.
    """
    python = peer_python(peer.script.removesuffix(".py"), peer.requirements)
    with bench.room("peer") as directory:
        words = [str(python), str(SCRIPTS / peer.script), str(count), str(bench.slots)]
        result = subprocess.run(
            words,
            cwd=directory,
            env={**bench.environment, "PATH": f"{python.parent}{os.pathsep}{bench.environment['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
            timeout=PEER_SECONDS,
        )
        made = sum(1 for _ in directory.glob("touched/*"))
    if result.returncode or made != count:
        raise PeerFailed(f"{peer.name}: {made} of {count} items done: {result.stderr.strip()[-500:]}")
    return float(json.loads(result.stdout.splitlines()[-1])["seconds"])
