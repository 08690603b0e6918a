"""Filter for the hardware address of a container that keeps its IPv4 address."""

from collections.abc import Callable
from ipaddress import IPv4Address


def hardware_address(address: str) -> str:
    """Return the locally administered hardware address that goes with an IPv4 address."""
    return ":".join(["02", "6c", *(f"{byte:02x}" for byte in IPv4Address(address).packed)])


class FilterModule:
    """The filter, as Ansible looks it up."""

    def filters(self) -> dict[str, Callable[[str], str]]:
        """Return the filter by name."""
        return {"hardware_address": hardware_address}
