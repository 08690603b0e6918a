"""Ports for managers."""

import socket
from dataclasses import replace

import pytest

from lmsvc.controller.ports import NoFreePort, PortRange
from lmsvc.controller.waiting import Needs, Waiting
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


def test_a_reason_to_wait_comes_after_some_patience() -> None:
    """A job says why it waits once it has waited long enough, and stops saying so when it runs."""
    waiting = Waiting(patience_seconds=5.0)
    wants = Needs({"sdm"}, None, runs=False)
    assert waiting.reason("a", wants, {}, 0.0) is None
    assert waiting.reason("a", wants, {}, 4.9) is None
    assert "no worker of pool sdm is there:" in (waiting.reason("a", wants, {}, 5.0) or "")
    slots = {"sdm": {"alpha": 1, "beta": 1}}
    assert waiting.reason("a", wants, slots, 6.0) == "all 2 slots of pool sdm are busy"
    assert waiting.reason("a", replace(wants, runs=True), slots, 7.0) is None
    assert waiting.reason("a", wants, {}, 8.0) is None


def test_a_job_whose_hosts_are_not_there_says_so() -> None:
    """A job that may use some hosts only waits for these, whatever slots others have."""
    waiting = Waiting(patience_seconds=0.0)
    wants = Needs({"sdm"}, {"gamma", "beta"}, runs=False)
    there = {"sdm": {"alpha": 4}}
    assert waiting.reason("a", wants, there, 0.0) == (
        "no worker of pool sdm is there on beta or gamma: the job goes on when one comes"
    )
    there = {"sdm": {"alpha": 4, "beta": 1}}
    assert waiting.reason("a", wants, there, 1.0) == "all 1 slots of pool sdm on beta or gamma are busy"


def test_a_reason_is_news_once() -> None:
    """The store is told only when the reason changes."""
    waiting = Waiting(patience_seconds=0.0)
    assert not waiting.is_news("a", None)
    assert waiting.is_news("a", "x")
    assert not waiting.is_news("a", "x")
    assert waiting.is_news("a", None)
