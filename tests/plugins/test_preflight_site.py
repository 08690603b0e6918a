"""Preflight's checks of settings, pools and variables, without a host."""

from typing import Any

import pytest

from plugins.filter.preflight_site import preflight_pools, preflight_values
from plugins.filter.preflight_variables import preflight_settings, preflight_typed, preflight_variables

POOL: dict[str, Any] = {
    "categories": ["*"],
    "image": "worker",
    "slots": {"min": 0, "max": 2},
    "cores": 1,
    "memory_mb": 1,
    "disk_mb": 1,
}
SITE: dict[str, Any] = {
    "site_overlay_prefix": "10.99",
    "site_https_port": 443,
    "site_ssh_port": 22,
    "site_manager_ports": [9200, 9399],
    "site_data_dir": "/var/lib/lmsvc/data",
    "site_images_base": "mmdebstrap",
}
WORD: dict[str, Any] = {"sdm": "worker"}
OPTIONS: dict[str, dict[str, Any]] = {
    "site_https_port": {"type": "int", "required": True, "description": "Port."},
    "site_newer": {"type": "str", "default": "", "description": "Not in inventories from before."},
    "site_firewall": {"type": "str", "choices": ["manage", "off"], "description": "Firewall."},
    "site_open_ports": {"type": "list", "elements": "int", "description": ["Ports", "left open."]},
    "overlay_mtu": {"type": "int", "description": "Size."},
}
GOOD: dict[str, Any] = {"site_https_port": 443, "site_firewall": "off", "site_open_ports": [80]}


def pool_problem(name: str = "sdm", **changed: object) -> str:
    """Return what is found of a pool that differs so from a good one."""
    [(_, check, problem, remedy)] = preflight_pools({name: POOL | changed}, ["alpha"], ["worker", "worker-elapid"])
    assert check == "pools"
    assert remedy
    return problem


def test_good_settings_and_pools_are_fine() -> None:
    """Nothing is found where nothing is wrong."""
    assert preflight_values(SITE) == []
    assert preflight_pools({"sdm": POOL, "rest": POOL | {"hosts": ["alpha"]}}, ["alpha"], ["worker"]) == []


def test_faults_of_pools_are_found() -> None:
    """Each fault of a pool is one finding that says which pool."""
    assert pool_problem(image="worker-elapide") == "pool sdm: no image worker-elapide"
    assert pool_problem(hosts=["gamma"]) == "pool sdm: gamma is not in group worker"
    assert pool_problem(hosts=[]) == "pool sdm has no list of hosts"
    assert pool_problem(cores=0) == "pool sdm: cores is 0"
    assert pool_problem(memory_mb="2 GB") == "pool sdm: memory_mb is '2 GB'"
    assert pool_problem(slot=1) == "pool sdm: slot means nothing"
    assert pool_problem("SDM").startswith("pool 'SDM' has a name that cannot be")


@pytest.mark.parametrize(
    "slots", [{"max": 2}, {"min": -1, "max": 2}, {"min": 1, "max": "2"}, {"min": 0, "max": True}, {"mn": 0, "max": 2}]
)
def test_bounds_that_are_none_are_found(slots: dict[str, Any]) -> None:
    """Both bounds are whole numbers from 0 on."""
    assert pool_problem(slots=slots) == f"pool sdm: slots is {slots!r}"


def test_bounds_the_wrong_way_round_are_found() -> None:
    """The least is not above the most; equal is fine, and so is none at all."""
    assert pool_problem(slots={"min": 3, "max": 2}) == "pool sdm: slots has min 3 above max 2"
    for bound in (0, 3):
        assert preflight_pools({"sdm": POOL | {"slots": {"min": bound, "max": bound}}}, ["alpha"], ["worker"]) == []


def test_what_no_slot_offers_is_found() -> None:
    """A page that asks for an unknown batch system, or for GPUs of a known one, is not taken and then ignored."""
    assert pool_problem(backend="pbs") == "pool sdm: backend is 'pbs'"
    assert pool_problem(backend="slurm", gpus=1) == "pool sdm of backend slurm has gpus: 1"
    assert preflight_pools({"sdm": POOL | {"gpus": 0, "backend": "factory"}}, ["alpha"], ["worker"]) == []


@pytest.mark.parametrize("gpus", [-1, "1", 0.5, True, None])
def test_gpus_that_cannot_be_counted_are_found(gpus: object) -> None:
    """A slot has a whole number of GPUs; none need not be written."""
    assert pool_problem(gpus=gpus) == f"pool sdm: gpus is {gpus!r}"
    assert preflight_pools({"sdm": POOL | {"gpus": 2}}, ["alpha"], ["worker"]) == []


def test_a_batch_systems_pool_names_no_hosts() -> None:
    """The batch system chooses the nodes, so hosts on the page would say nothing."""
    assert pool_problem(backend="slurm", hosts=["alpha"]) == "pool sdm of backend slurm names hosts"
    assert preflight_pools({"sdm": POOL | {"backend": "slurm"}}, ["alpha"], ["worker"]) == []


def test_a_pool_that_is_none_is_found() -> None:
    """A word in place of a description is reported, and so is no pool at all."""
    assert preflight_pools(WORD, ["alpha"], ["worker"])[0][2] == "pool sdm is 'worker'"
    assert preflight_pools({}, ["alpha"], ["worker"])[0][2] == "site_pools has no pool"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"site_overlay_prefix": "10.999"}, "site_overlay_prefix is '10.999'"),
        ({"site_overlay_prefix": "8.8"}, "site_overlay_prefix is '8.8'"),
        ({"site_manager_ports": [9399, 9200]}, "site_manager_ports is [9399, 9200]"),
        ({"site_https_port": 0}, "site_https_port is 0"),
        ({"site_https_port": 22}, "site_https_port is ssh's port"),
        ({"site_ca_bundle": "/no/such/file"}, "site_ca_bundle: there is no file /no/such/file"),
        ({"site_images_base": "registry", "site_images_base_reference": "debian:13"}, "is 'debian:13'"),
        ({"site_images_base": "registry"}, "site_images_base_reference is ''"),
        ({"site_data_dir": "/data"}, "site_data_dir is /data"),
        ({"site_overcommit": 0}, "site_overcommit is 0"),
    ],
)
def test_settings_that_cannot_work_are_found(changed: dict[str, Any], words: str) -> None:
    """One finding, which quotes the setting."""
    [finding] = preflight_values(SITE | changed)
    assert words in finding[2]
    assert finding[3]


@pytest.mark.parametrize(
    ("mail", "file", "words"),
    [
        ({"user": "lmsvc"}, __file__, None),
        ({"user": "lmsvc"}, "/no/such/file", "site_mail_password_file: there is no file /no/such/file"),
        ({}, __file__, "site_mail_password_file is set, but no name to sign in with"),
        ({"user": "lmsvc", "password_file": "/data/p"}, "", "site_settings notices mail has password_file"),
    ],
)
def test_the_mail_servers_password_has_one_place(mail: dict[str, str], file: str, words: str | None) -> None:
    """It comes from a file of the control node, for a name, and never from a file on a host."""
    settings = {"site_settings": {"notices": {"mail": mail}}, "site_mail_password_file": file}
    found = [problem for _, _, problem, _ in preflight_values(SITE | settings)]
    assert [text for text in found if words is None or words not in text] == []
    assert bool(found) is (words is not None)


def test_a_certificate_needs_its_key() -> None:
    """One without the other is a fault, before any file is looked for."""
    found = [problem for _, _, problem, _ in preflight_values(SITE | {"site_certificate": __file__})]
    assert found == ["only one of site_certificate and site_certificate_key is set"]


def test_missing_and_mistyped_settings_are_found() -> None:
    """A setting that is absent, of another type, not one of its choices, or with a wrong item."""
    assert preflight_settings(GOOD, OPTIONS) == []
    bad = {"site_firewall": False, "site_open_ports": ["ssh"]}
    assert [problem for _, _, problem, _ in preflight_settings(bad, OPTIONS)] == [
        "site_https_port is missing",
        "site_firewall is False, not of type str",
        "site_open_ports has an item that is 'ssh', not of type int",
    ]
    [finding] = preflight_settings(GOOD | {"site_firewall": "on"}, OPTIONS)
    assert finding[2] == "site_firewall is 'on', not one of manage, off"
    assert preflight_typed(GOOD | bad, OPTIONS) == {"site_https_port": 443}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({}, None),
        ({"quota": {"jobs": 5}}, None),
        ({"quota": {"jobs": "many"}}, "site_settings quota jobs is 'many', not of type int"),
        ({"quota": {"job": 5}}, "site_settings quota has job, which nobody knows; there are jobs"),
        ({"qouta": {}}, "site_settings has qouta, which nobody knows; there are quota"),
    ],
)
def test_the_parts_of_a_setting_are_checked_too(value: dict[str, Any], words: str | None) -> None:
    """A part that nobody knows, or of another type, is found, however deep it is."""
    quota = {"type": "dict", "description": "q", "options": {"jobs": {"type": "int", "description": "j"}}}
    options = {"site_settings": {"type": "dict", "description": "s", "options": {"quota": quota}}}
    found = [problem for _, _, problem, _ in preflight_settings({"site_settings": value}, options)]
    assert found == ([words] if words else [])


def test_unknown_variables_are_found_with_the_nearest_known_one() -> None:
    """A variable of all hosts is the site's fault, one of a host that host's; Ansible's own are known."""
    hosts = {"alpha": {"site_firewal": "off", "ansible_port": 22}, "beta": {"site_firewal": "off", "x1": 1, "__y": 1}}
    assert preflight_variables(hosts, OPTIONS) == [
        ("site", "variables", "no role knows site_firewal", "did you mean site_firewall?"),
        ("beta", "variables", "no role knows x1", "remove it; roles/*/README.md list those there are"),
    ]


def test_variables_of_a_wrong_type_are_found_once() -> None:
    """A role's argument in the inventory is checked before the role runs; a template is checked by the role."""
    hosts = {name: {"overlay_mtu": "large"} for name in ("alpha", "beta")}
    assert preflight_variables(hosts, OPTIONS) == [
        ("alpha", "variables", "overlay_mtu is 'large', not of type int", "Size.")
    ]
    assert preflight_variables({"alpha": {"overlay_mtu": "{{ 1400 }}"}}, OPTIONS) == []
