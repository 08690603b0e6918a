"""Other systems beside the service, each in an environment of its own; only with ``--peers``."""

from bench.peers.items import PEERS, Peer, PeerFailed, items_seconds
from bench.peers.one_task import one_task_rows

__all__ = ["PEERS", "Peer", "PeerFailed", "items_seconds", "one_task_rows"]
