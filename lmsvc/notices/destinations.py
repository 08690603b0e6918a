"""Connections to addresses that users name: only where they may go, and to the very address that was looked at."""

import ipaddress
import socket
from collections.abc import Iterator

_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Forbidden(Exception):
    """The destination is an address of this machine, of a private network, or of no use at all."""


def is_public(address: Address) -> bool:
    """Return whether an address belongs to the open internet, also where it only wraps another one."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return is_public(address.ipv4_mapped)
        if address.sixtofour or address.teredo or address in _TRANSLATED:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def connect(host: str, port: int, seconds: float, *, private: bool) -> socket.socket:
    """Connect to a host by name.

    The name is looked up once and the connection goes to an address of that answer, so that a name which changes its
    mind in between leads nowhere else.

    Args:
        host: name or address.
        port: TCP port.
        seconds: how long each address may take.
        private: whether addresses of private networks and of this machine are allowed.

    Raises:
        Forbidden: the name has only addresses that are not allowed.
        OSError: none of the allowed ones answers, or there is no such name.
    """
    allowed = [place for place in _places(host, port) if private or is_public(ipaddress.ip_address(place[0]))]
    if not allowed:
        raise Forbidden(f"{host} is in a private network or this machine itself, where this site sends no webhooks")
    for place in allowed[:-1]:
        try:
            return socket.create_connection(place, seconds)
        except OSError:
            continue
    return socket.create_connection(allowed[-1], seconds)


def _places(host: str, port: int) -> Iterator[tuple[str, int]]:
    for _, _, _, _, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        yield str(place[0]).partition("%")[0], port
