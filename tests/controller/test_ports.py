"""Ports for managers."""

import socket

import pytest

from lmsvc.controller.ports import NoFreePort, PortRange
from lmsvc.ports import free_ports


def test_ports_are_taken_in_turn() -> None:
    """A port given back is not the next one to be used."""
    first = free_ports(3)
    ports = PortRange(first, first + 2)
    assert ports.take() == first
    ports.give_back(first)
    assert ports.take() == first + 1


def test_a_port_in_use_is_passed_over() -> None:
    """A port that somebody listens on is not handed out."""
    first = free_ports(2)
    with socket.socket() as other:
        other.bind(("", first))
        other.listen()
        assert PortRange(first, first + 1).take() == first + 1


def test_an_exhausted_range_says_what_to_do() -> None:
    """When every port is in use the message names the setting."""
    first = free_ports(1)
    ports = PortRange(first, first)
    ports.take()
    with pytest.raises(NoFreePort, match="LMSVC_MANAGER_PORTS"):
        ports.take()
