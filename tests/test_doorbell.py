"""Doorbells that other hosts ring."""

import socket
import time

from lmsvc.doorbell import FarDoorbell, ring_far

CATALOG = ("127.0.0.1", 9097)


def heard(bell: FarDoorbell, seconds: float = 5.0) -> int | None:
    """Return what a doorbell hears within a time."""
    end = time.monotonic() + seconds
    while (told := bell.heard()) is None and time.monotonic() < end:
        time.sleep(0.005)
    return told


def test_the_largest_serial_of_several_rings_counts() -> None:
    """Rings that came together are one, of the newest serial, and are heard once."""
    bell = FarDoorbell(CATALOG, {"127.0.0.1"})
    for serial in (7, 9, 8):
        ring_far("127.0.0.1", bell.port, serial)
    assert heard(bell) == 9
    assert bell.heard() is None
    bell.close()


def test_it_listens_only_where_the_catalog_is() -> None:
    """A ring at another address of this host is not heard, so on one machine nobody outside can ring."""
    bell = FarDoorbell(CATALOG, {"127.0.0.1"})
    ring_far("127.0.0.2", bell.port, 4)
    assert heard(bell, 0.2) is None
    ring_far("127.0.0.1", bell.port, 5)
    assert heard(bell) == 5
    bell.close()


def test_strangers_and_nonsense_are_not_heard() -> None:
    """Only digits from one of the ringers count; what is no number does no harm."""
    bell = FarDoorbell(CATALOG, {"127.0.0.1"})
    for address, told in (("127.0.0.2", b"5"), ("127.0.0.1", b"five"), ("127.0.0.1", b""), ("127.0.0.1", b"9" * 9000)):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind((address, 0))
            sender.sendto(told, ("127.0.0.1", bell.port))
    ring_far("127.0.0.1", bell.port, 3)
    found = heard(bell)
    assert found == 3
    bell.close()


def test_nobody_to_hear_is_no_error() -> None:
    """Ringing where nobody listens, or where there is no way to, does nothing."""
    ring_far("127.0.0.1", 9, 1)
    ring_far("no such address", 9, 1)
    ring_far("::1", 9, 1)
