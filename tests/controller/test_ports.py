"""Ports for managers."""

import socket

import pytest

from lmsvc.controller.ports import NoFreePort, PortRange
from lmsvc.controller.waiting import Waiting
from tests.service.running import free_ports


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


def test_a_reason_to_wait_comes_after_some_patience() -> None:
    """A job says why it waits once it has waited long enough, and stops saying so when it runs."""
    waiting = Waiting(patience_seconds=5.0)
    assert waiting.reason("a", {"sdm"}, {}, False, 0.0) is None
    assert waiting.reason("a", {"sdm"}, {}, False, 4.9) is None
    assert "no worker of pool sdm" in (waiting.reason("a", {"sdm"}, {}, False, 5.0) or "")
    assert "all 2 slots of pool sdm are busy" in (waiting.reason("a", {"sdm"}, {"sdm": 2}, False, 6.0) or "")
    assert waiting.reason("a", {"sdm"}, {"sdm": 2}, True, 7.0) is None
    assert waiting.reason("a", {"sdm"}, {}, False, 8.0) is None


def test_a_reason_is_news_once() -> None:
    """The store is told only when the reason changes."""
    waiting = Waiting(patience_seconds=0.0)
    assert not waiting.is_news("a", None)
    assert waiting.is_news("a", "x")
    assert not waiting.is_news("a", "x")
    assert waiting.is_news("a", None)
