"""Hosts that fall silent are told of for a while; those that ended or came back are not."""

from typing import Any

from lmsvc.controller.missing import FORGET_SECONDS, SILENT_SECONDS, Missing


def heard(host: str, moment: float, **more: object) -> dict[str, Any]:
    """Return the record of an agent as the catalog shows it."""
    return {"type": "lm_agent", "pool": "sdm", "host": host, "lastheardfrom": moment, "lifetime": 120, **more}


def test_a_silent_host_is_lost_and_forgotten_later() -> None:
    """It is told of once it is silent, also when the catalog has dropped its record, and not for ever."""
    missing = Missing()
    missing.note([heard("gamma", 1000.0), heard("beta", 1014.0)], 1015.0)
    assert missing.lost(1015.0) == {}
    assert missing.lost(1001.0 + SILENT_SECONDS) == {"sdm": {"gamma": 1000.0}}
    missing.note([], 1300.0)
    assert missing.lost(1300.0) == {"sdm": {"beta": 1014.0, "gamma": 1000.0}}
    missing.note([], 1001.0 + FORGET_SECONDS)
    assert missing.lost(1001.0 + FORGET_SECONDS) == {"sdm": {"beta": 1014.0}}


def test_a_host_that_ended_or_came_back_is_not_lost() -> None:
    """An agent's last word is no loss, and a new word ends one."""
    missing = Missing()
    missing.note([heard("beta", 1000.0), heard("gamma", 1000.0)], 1000.0)
    missing.note([heard("beta", 1001.0, lifetime=1), heard("gamma", 1000.0)], 1001.0)
    assert missing.lost(1100.0) == {"sdm": {"gamma": 1000.0}}
    missing.note([heard("gamma", 1099.0)], 1100.0)
    assert missing.lost(1100.0) == {}
