"""The filter for hardware addresses of containers."""

import pytest

from plugins.filter.hardware_address import hardware_address


def test_an_address_is_local_and_its_own() -> None:
    """The address is a locally administered unicast one, and another for every container of the overlay."""
    assert hardware_address("10.99.1.14") == "02:6c:0a:63:01:0e"
    assert len({hardware_address(f"10.99.{host}.{last}") for host in range(1, 255) for last in range(10, 15)}) == 1270


def test_no_address_is_refused() -> None:
    """What is no IPv4 address fails the task."""
    with pytest.raises(ValueError, match="web"):
        hardware_address("web")
