"""The record of hosts that were set up, and those of them that have left."""

import json
from pathlib import Path
from typing import Any

from plugins.filter.leavers import hosts_record, leavers_holding, record_leavers, record_with, record_without

LINES: dict[str, dict[str, Any]] = {
    "alpha": {"ansible_host": "192.0.2.11", "ansible_user": "", "groups": ["web", "controller"]},
    "beta": {"ansible_host": "192.0.2.12", "ansible_user": "admin", "groups": ["worker"]},
    "gamma": {"ansible_host": "192.0.2.13", "groups": ["database", "worker"]},
}


def test_a_record_keeps_what_is_said_of_a_host(tmp_path: Path) -> None:
    """Hosts of a run come to those of earlier runs; what is not set is left to whoever reaches the host later."""
    path = tmp_path / "hosts.json"
    path.write_text(json.dumps(record_with({"old": {}}, LINES, ["alpha", "beta"])))
    assert hosts_record(str(path)) == {
        "old": {},
        "alpha": {"ansible_host": "192.0.2.11", "groups": ["web", "controller"]},
        "beta": LINES["beta"],
    }


def test_no_record_is_an_empty_one(tmp_path: Path) -> None:
    """The first run, and one after the file was damaged, know of no host that left."""
    (tmp_path / "broken").write_text("{")
    assert hosts_record(str(tmp_path / "none")) == hosts_record(str(tmp_path / "broken")) == {}


def test_who_left_is_recorded_and_not_in_the_inventory() -> None:
    """A host that is in both stays, and so does one that was never set up."""
    assert list(record_leavers(LINES, ["alpha", "gamma", "delta"])) == ["beta"]
    assert list(record_without(LINES, ["beta", "other"])) == ["alpha", "gamma"]


def test_hosts_with_data_are_not_cleaned_unasked() -> None:
    """The database is nowhere else; nor is job data, unless the site shares it. A worker host holds nothing."""
    assert leavers_holding(LINES, shared=False) == ["alpha", "gamma"]
    assert leavers_holding(LINES, shared=True) == ["gamma"]
    assert leavers_holding({"beta": LINES["beta"]}, shared=False) == []
