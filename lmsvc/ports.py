"""TCP ports that nobody listens on."""

import socket

LOOPBACK = "127.0.0.1"
_HIGHEST = 65535


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Return whether a server could listen on a port of an address now; an empty address is all of them."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_ports(count: int) -> int:
    """Return the first of some neighbouring ports that nobody listens on."""
    while True:
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            first = int(probe.getsockname()[1])
        if first + count <= _HIGHEST and all(is_free(first + offset) for offset in range(count)):
            return first
