"""Doorbells cut a waiting process's wait short: a FIFO on the same host, a datagram from another one.

Files, database rows and records in the catalog are the truth; a ring only says "look now". Ringing a bell nobody
listens to does nothing.
"""

import contextlib
import errno
import os
import select
import socket
from collections.abc import Collection
from pathlib import Path

RING_BYTES = 32


def ring(path: Path) -> None:
    """Wake whoever listens at ``path``; does nothing where nobody does."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno in (errno.ENXIO, errno.ENOENT):
            return
        raise
    try:
        with contextlib.suppress(BlockingIOError):
            os.write(fd, b"!")
    finally:
        os.close(fd)


class Doorbell:
    """The listening side of a doorbell."""

    def __init__(self, path: Path) -> None:
        """Make the FIFO at ``path`` if it is absent and listen to it."""
        with contextlib.suppress(FileExistsError):
            os.mkfifo(path, 0o600)
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)

    def fileno(self) -> int:
        """Return the descriptor to select on."""
        return self._fd

    def wait(self, seconds: float) -> bool:
        """Wait until somebody rings, at most ``seconds``; return whether somebody did."""
        readable, _, _ = select.select([self._fd], [], [], seconds)
        if not readable:
            return False
        with contextlib.suppress(BlockingIOError):
            while os.read(self._fd, 4096):
                pass
        return True

    def close(self) -> None:
        """Stop listening."""
        os.close(self._fd)


def ring_far(address: str, port: int, serial: int) -> None:
    """Wake whoever listens at a port of a host, and tell which serial there is to be read; may get lost on the way."""
    with contextlib.suppress(OSError), socket.socket(family(address), socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        sender.sendto(str(serial).encode(), (address, port))


class FarDoorbell:
    """The listening side of a doorbell that other hosts ring with a datagram: a serial in decimal digits."""

    def __init__(self, towards: tuple[str, int], ringers: Collection[str]) -> None:
        """Listen where packets to a host leave this one; where there is no way to it yet, at every address.

        Args:
            towards: host and port of whom the ringers are beside.
            ringers: addresses whose rings count.
        """
        self._ringers = frozenset(ringers)
        self.address = _address_towards(*towards)
        self._socket = socket.socket(family(self.address), socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind((self.address, 0))
        self.port = int(self._socket.getsockname()[1])

    def fileno(self) -> int:
        """Return the descriptor to select on."""
        return self._socket.fileno()

    def heard(self) -> int | None:
        """Return the largest serial that was rung for since the last call; None where nobody who counts has rung."""
        found: list[int] = []
        with contextlib.suppress(BlockingIOError):
            while True:
                told, (address, *_) = self._socket.recvfrom(RING_BYTES)
                if address in self._ringers and told.isdigit() and len(told) < RING_BYTES:
                    found.append(int(told))
        return max(found, default=None)

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()


def family(address: str) -> socket.AddressFamily:
    """Return the family of an address; of IPv4 where it is empty."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _address_towards(host: str, port: int) -> str:
    try:
        kin, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(kin, kind, protocol) as probe:
            probe.connect(address)
            return str(probe.getsockname()[0])
    except OSError:
        return ""
