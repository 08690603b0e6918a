"""Who may open connections to the outside: nobody, or the controllers of a site that names resolvers."""

import re

import pytest

from tests.ansible.rendering import evaluate
from tests.ansible.tree import ROOT

FIREWALL = ROOT / "roles" / "overlay" / "templates" / "firewall.nft.j2"
CONTROLLER = ROOT / "roles" / "controller" / "templates" / "lmsvc-controller.container.j2"
RESOLVERS = ["192.0.2.53", "192.0.2.54"]


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return firewall and controller as they are on the host of the controller, without and with resolvers."""
    look = "'{name} {number}': lookup('ansible.builtin.template', '{path}', template_vars=dict(site_resolvers={given}))"
    parts = [
        look.format(name=path.name, number=len(given), path=path, given=given)
        for path in (FIREWALL, CONTROLLER)
        for given in ([], RESOLVERS)
    ]
    return evaluate(f"{{{', '.join(parts)}}} | to_json", "alpha", tmp_path_factory.mktemp("rendered"))


def test_nobody_goes_out_by_default(texts: dict[str, str]) -> None:
    """Without resolvers no address is translated, and the controller asks nobody."""
    assert "masquerade" not in texts["firewall.nft.j2 0"]
    assert re.findall("^DNS=(.*)$", texts["lmsvc-controller.container.j2 0"], re.MULTILINE) == ["127.0.0.1"]


def test_only_the_controller_goes_out_where_there_are_resolvers(texts: dict[str, str]) -> None:
    """With resolvers the controller's address alone goes out, under the host's own, and asks them."""
    firewall = texts["firewall.nft.j2 2"]
    assert re.findall(r"ip saddr \{ (.*) \} oifname .* masquerade", firewall) == ["10.99.1.12"]
    refused = firewall.index('iifname { "lm-overlay", "lm-bridge" } drop', firewall.index("chain forward"))
    assert firewall.index("ip saddr { 10.99.1.12 } oifname") < refused
    assert re.findall("^DNS=(.*)$", texts["lmsvc-controller.container.j2 2"], re.MULTILINE) == RESOLVERS
